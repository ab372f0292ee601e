package dev.graft.server.edge;

import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who really calls and how, when a proxy stands between. What a request says about that is believed
 * only if a declared proxy sent it, and only if its two ways of saying so do not disagree: a proxy
 * that writes one of them may let a caller's own other one through.
 *
 * @param client the address of whoever called the first proxy that is ours
 * @param isEncrypted whether the caller spoke TLS, with us or with the proxy
 */
public record Forwarding(String client, boolean isEncrypted) {
  private static final Pattern PAIR =
      Pattern.compile("(?i)\\b(for|proto)\\s*=\\s*(?:\"([^\"]*)\"|([^;,\\s]*))");

  private static final Pattern WITH_PORT = Pattern.compile("(\\[[^\\]]+\\]|[0-9.]+)(?::\\d{1,5})?");
  private static final Pattern COMMA = Pattern.compile(",");

  public static Forwarding of(HttpServletRequest request, EdgeSettings edge) {
    String sender = request.getRemoteAddr();
    if (!edge.isProxy(sender)) {
      return new Forwarding(sender, request.isSecure());
    }
    List<String> standard = values(request, "Forwarded");
    String proto = one(elements(values(request, "X-Forwarded-Proto")));
    String standardProto = one(pairs(standard, "proto"));
    boolean agreed = proto.isEmpty() || standardProto.isEmpty() || proto.equals(standardProto);
    boolean encrypted =
        request.isSecure() || agreed && (proto.equals("https") || standardProto.equals("https"));

    List<String> chain = elements(values(request, "X-Forwarded-For"));
    List<String> standardChain = pairs(standard, "for");
    if (chain.isEmpty() || standardChain.isEmpty()) {
      return new Forwarding(
          client(chain.isEmpty() ? standardChain : chain, sender, edge), encrypted);
    }
    String client = client(chain, sender, edge);
    return new Forwarding(
        client.equals(client(standardChain, sender, edge)) ? client : sender, encrypted);
  }

  /** From our side outwards, as long as proxies of ours pass it on. */
  private static String client(List<String> chain, String sender, EdgeSettings edge) {
    String client = sender;
    for (String hop : chain.reversed()) {
      if (!edge.isProxy(client)) {
        break;
      }
      Optional<String> address = address(hop);
      if (address.isEmpty()) {
        break;
      }
      client = address.get();
    }
    return client;
  }

  /** An address, without its port; nothing for a name that hides one. */
  private static Optional<String> address(String hop) {
    String text = hop.strip();
    Matcher withPort = WITH_PORT.matcher(text);
    return Network.address(withPort.matches() ? withPort.group(1) : text)
        .map(InetAddress::getHostAddress);
  }

  private static List<String> values(HttpServletRequest request, String name) {
    return Collections.list(request.getHeaders(name));
  }

  private static List<String> elements(List<String> values) {
    return values.stream()
        .flatMap(COMMA::splitAsStream)
        .map(String::strip)
        .filter(element -> !element.isEmpty())
        .toList();
  }

  private static List<String> pairs(List<String> values, String name) {
    var found = new ArrayList<String>();
    for (String value : values) {
      Matcher pair = PAIR.matcher(value);
      while (pair.find()) {
        if (pair.group(1).equalsIgnoreCase(name)) {
          found.add(pair.group(2) == null ? pair.group(3) : pair.group(2));
        }
      }
    }
    return found;
  }

  /** The last one is the nearest proxy's own word; those before it may be anyone's. */
  private static String one(List<String> protocols) {
    return protocols.isEmpty() ? "" : protocols.getLast().toLowerCase(java.util.Locale.ROOT);
  }
}
