package dev.graft.sandbox;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request as it came in.
 *
 * @param path without a slash at its end
 * @param query as sent, without the question mark
 */
record Call(
    Region region,
    String method,
    String path,
    @Nullable String query,
    @Nullable String authorization,
    @Nullable String userAgent,
    Body body) {

  /** The key in the Authorization header, blanks around it aside. */
  @Nullable String key() {
    if (authorization == null || !authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
      return null;
    }
    return authorization.substring(7).strip();
  }

  String target() {
    return query == null ? path : path + "?" + query;
  }

  /** The path without an id at its end: {@code /assistant} for both its routes. */
  String collection() {
    String id = lastSegment();
    return Validation.isUuid(id) ? path.substring(0, path.length() - id.length() - 1) : path;
  }

  String lastSegment() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  Map<String, List<String>> parameters() {
    var parameters = new LinkedHashMap<String, List<String>>();
    if (query != null) {
      for (String pair : query.split("&", -1)) {
        if (!pair.isEmpty()) {
          String[] sides = pair.split("=", 2);
          parameters
              .computeIfAbsent(decoded(sides[0]), _ -> new ArrayList<>())
              .add(sides.length == 1 ? "" : decoded(sides[1]));
        }
      }
    }
    return parameters;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      return text;
    }
  }
}
