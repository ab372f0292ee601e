package dev.graft.server.log;

import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.pattern.DynamicConverter;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Log lines for people, without secrets. A message is one line, so that none can be forged. */
public final class TextLines extends PatternLayout {
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\\n\\t]]");

  @Override
  @SuppressWarnings("rawtypes")
  public Map<String, Supplier<DynamicConverter>> getDefaultConverterSupplierMap() {
    var converters = new HashMap<>(super.getDefaultConverterSupplierMap());
    for (String word : new String[] {"m", "msg", "message"}) {
      converters.put(word, OneLine::new);
    }
    converters.put("where", Where::new);
    return converters;
  }

  @Override
  public String doLayout(ILoggingEvent event) {
    return CONTROL.matcher(Redaction.ofThisProcess().clean(super.doLayout(event))).replaceAll("?");
  }

  /** The message with its line breaks shown as such. */
  private static final class OneLine extends MessageConverter {
    @Override
    public String convert(ILoggingEvent event) {
      return super.convert(event).replace("\n", "\\n").replace("\r", "\\r");
    }
  }

  /** What the line is about, as far as it is known. */
  private static final class Where extends ClassicConverter {
    @Override
    public String convert(ILoggingEvent event) {
      var where = new StringBuilder();
      for (String name : new String[] {"requestId", "operationId", "accountId"}) {
        String id = event.getMDCPropertyMap().get(name);
        if (id != null && !event.getFormattedMessage().contains(id)) {
          where.append(where.isEmpty() ? " [" : " ").append(id);
        }
      }
      return where.isEmpty() ? "" : where.append(']').toString();
    }
  }
}
