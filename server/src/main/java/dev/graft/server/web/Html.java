package dev.graft.server.web;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.ServerResponse;
import org.thymeleaf.TemplateEngine;
import org.thymeleaf.context.Context;
import org.thymeleaf.templatemode.TemplateMode;
import org.thymeleaf.templateresolver.ClassLoaderTemplateResolver;

/** Pages for people, made from the templates that are packaged. What is put in is escaped. */
final class Html {
  private static final MediaType TYPE = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

  private final TemplateEngine engine = new TemplateEngine();

  Html() {
    var templates = new ClassLoaderTemplateResolver(Html.class.getClassLoader());
    templates.setPrefix("dev/graft/server/pages/");
    templates.setSuffix(".html");
    templates.setTemplateMode(TemplateMode.HTML);
    templates.setCharacterEncoding("UTF-8");
    engine.setTemplateResolver(templates);
  }

  ServerResponse page(int status, String name, Map<String, Object> values) {
    return page(ServerResponse.status(status), name, values);
  }

  ServerResponse page(ServerResponse.BodyBuilder answer, String name, Map<String, Object> values) {
    String text = engine.process(name, new Context(Locale.ROOT, values));
    return answer.contentType(TYPE).body(text.getBytes(StandardCharsets.UTF_8));
  }
}
