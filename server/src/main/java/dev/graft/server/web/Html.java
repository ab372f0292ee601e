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
  static final MediaType TYPE = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

  private static final TemplateEngine ENGINE = engine();

  private Html() {}

  private static TemplateEngine engine() {
    var templates = new ClassLoaderTemplateResolver(Html.class.getClassLoader());
    templates.setPrefix("dev/graft/server/pages/");
    templates.setSuffix(".html");
    templates.setTemplateMode(TemplateMode.HTML);
    templates.setCharacterEncoding("UTF-8");
    var engine = new TemplateEngine();
    engine.setTemplateResolver(templates);
    return engine;
  }

  static ServerResponse page(ServerResponse.BodyBuilder answer, Page page) {
    return answer.contentType(TYPE).body(page.bytes());
  }

  /** A template, and what is put into it. */
  record Page(String template, Map<String, Object> values) {
    byte[] bytes() {
      return ENGINE
          .process(template, new Context(Locale.ROOT, values))
          .getBytes(StandardCharsets.UTF_8);
    }
  }
}
