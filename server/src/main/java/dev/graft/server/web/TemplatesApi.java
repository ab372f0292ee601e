package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import dev.graft.server.install.Report;
import dev.graft.server.install.Templates;
import java.util.Optional;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.node.ObjectNode;

/** Templates over HTTP. */
final class TemplatesApi {
  private final Templates templates;

  TemplatesApi(Templates templates) {
    this.templates = templates;
  }

  ServerResponse list(ServerRequest request) {
    var json = Json.object();
    json.put("default", templates.standardName().orElse(null));
    var all = json.putArray("templates");
    for (String name : templates.names()) {
      templates.named(name).ifPresent(template -> all.add(view(template)));
    }
    return Routes.json(200, json);
  }

  ServerResponse one(ServerRequest request) {
    return Routes.json(200, view(named(request.pathVariable("template"))));
  }

  /**
   * The template that a body names, or the one that is meant when it names none.
   *
   * @throws Problem when there is none, or it is broken
   */
  Templates.Template chosen(Body body) {
    Optional<String> named =
        body.optional("template", "INVALID_TEMPLATE", "the name of a template, or left out");
    String name =
        named
            .or(templates::standardName)
            .orElseThrow(() ->
                new Problem(
                    400,
                    "INVALID_TEMPLATE",
                    templates.names().isEmpty()
                        ? "There is no template in "
                            + templates.folder()
                            + ". Put one there, or set GRAFT_TEMPLATES."
                        : "Several templates could be meant: "
                            + String.join(", ", templates.names())
                            + ". Name one as 'template', or set GRAFT_DEFAULT_TEMPLATE."));
    Templates.Template template = named(name);
    if (template.release().isEmpty()) {
      throw new Problem(
              503,
              "TEMPLATE_INVALID",
              "The template '"
                  + name
                  + "' is broken, so nothing was done: "
                  + template.findings().stream()
                      .filter(finding -> finding.isError())
                      .findFirst()
                      .map(Object::toString)
                      .orElse("")
                  + " 'graft template check' shows every finding.")
          .withDiagnostics(template.findings());
    }
    return template;
  }

  Optional<Templates.Template> ifThere(String name) {
    return templates.named(name);
  }

  Templates.Template named(String name) {
    return templates
        .named(name)
        .orElseThrow(() ->
            new Problem(
                404,
                "TEMPLATE_NOT_FOUND",
                "There is no template of this name. There are: "
                    + String.join(", ", templates.names())
                    + "."));
  }

  private static ObjectNode view(Templates.Template template) {
    var json = Json.object();
    json.put("name", template.name());
    json.put("version", template.release().map(r -> r.version().toString()).orElse(null));
    json.put("digest", template.digest().map(Object::toString).orElse(null));
    var resources = json.putArray("resources");
    template
        .release()
        .map(Release::resources)
        .ifPresent(all -> {
          for (Resource resource : all) {
            resources
                .addObject()
                .put("address", resource.address().toString())
                .put("name", resource.kind().nameOf(resource.body()).orElse(null))
                .put("version", resource.version().toString());
          }
        });
    var findings = json.putArray("findings");
    template.findings().forEach(finding -> findings.add(Report.toJson(finding)));
    return json;
  }
}
