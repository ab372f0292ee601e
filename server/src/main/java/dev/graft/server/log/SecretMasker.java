package dev.graft.server.log;

import net.logstash.logback.mask.ValueMasker;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.TokenStreamContext;

/** Takes secrets out of every value of a log line in JSON. Named in a configuration of Logback. */
public final class SecretMasker implements ValueMasker {
  @Override
  public @Nullable Object mask(TokenStreamContext context, @Nullable Object value) {
    if (!(value instanceof CharSequence text)) {
      return null;
    }
    String before = text.toString();
    String after = Redaction.ofThisProcess().clean(before);
    return after.equals(before) ? null : after;
  }
}
