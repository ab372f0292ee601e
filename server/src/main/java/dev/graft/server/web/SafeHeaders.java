package dev.graft.server.web;

import jakarta.servlet.http.HttpServletResponse;

/** What a browser is told about every answer: run nothing, show it nowhere else, keep nothing. */
final class SafeHeaders {
  private static final String NOTHING =
      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

  /** The readable description is shown by a script of the library that it comes from. */
  private static final String DOCS =
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'"
          + " data:; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none';"
          + " base-uri 'none'";

  private static final String PAGE =
      "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';"
          + " frame-ancestors 'none'; base-uri 'none'";
  private static final String FEATURES =
      "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(),"
          + " clipboard-read=(), display-capture=()";

  private SafeHeaders() {}

  static void set(HttpServletResponse response, String path) {
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("X-Frame-Options", "DENY");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("Permissions-Policy", FEATURES);
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    response.setHeader("Content-Security-Policy", policy(path));
  }

  private static String policy(String path) {
    if (path.startsWith("/api/")
        || path.startsWith("/v1/")
        || path.startsWith("/health")
        || path.equals("/metrics")) {
      return NOTHING;
    }
    return path.startsWith("/docs") ? DOCS : PAGE;
  }
}
