package dev.graft.server.signing;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A request with the parts of it that a signature can cover.
 *
 * @param authority host and port as the caller knows them, in lower case, without a usual port
 * @param path as it was sent, undecoded
 * @param query as it was sent, without the question mark; null for none
 * @param fields the lines of each header, by its name
 */
public record Message(
    String method,
    String scheme,
    String authority,
    String path,
    @Nullable String query,
    Map<String, List<String>> fields) {

  public Message {
    path = path.isEmpty() ? "/" : path;
    var byName = new TreeMap<String, List<String>>();
    fields.forEach((name, lines) ->
        byName
            .computeIfAbsent(name.toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
            .addAll(lines));
    fields = byName;
  }

  /** An authority as signatures have it. */
  public static String authority(String scheme, String host) {
    String name = host.strip().toLowerCase(Locale.ROOT);
    String usual = scheme.equals("https") ? ":443" : ":80";
    return name.endsWith(usual) ? name.substring(0, name.length() - usual.length()) : name;
  }

  /** The lines of a header. */
  public List<String> lines(String name) {
    return fields.getOrDefault(name, List.of());
  }

  /** Where it went, as its sender wrote it. */
  public String target() {
    return scheme + "://" + authority + path + (query == null ? "" : "?" + query);
  }

  /** What stands for a component in the signature base; nothing when this request has none. */
  Optional<String> value(String component) {
    return switch (component) {
      case "@method" -> Optional.of(method);
      case "@target-uri" -> Optional.of(target());
      case "@authority" -> Optional.of(authority);
      case "@scheme" -> Optional.of(scheme);
      case "@request-target" -> Optional.of(path + (query == null ? "" : "?" + query));
      case "@path" -> Optional.of(path);
      case "@query" -> Optional.of("?" + (query == null ? "" : query));
      default -> field(component);
    };
  }

  private Optional<String> field(String name) {
    List<String> lines = lines(name);
    return lines.isEmpty()
        ? Optional.empty()
        : Optional.of(lines.stream().map(String::strip).collect(Collectors.joining(", ")));
  }
}
