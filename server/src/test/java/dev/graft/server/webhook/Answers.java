package dev.graft.server.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.apache.hc.client5.http.DnsResolver;

/** A hostile name server: one answer after the other, the last one for ever. */
final class Answers implements DnsResolver {
  private final Queue<List<InetAddress>> answers;

  private Answers(Queue<List<InetAddress>> answers) {
    this.answers = answers;
  }

  static Answers of(List<InetAddress> always) {
    return of(always, always);
  }

  static Answers of(List<InetAddress> first, List<InetAddress> later) {
    return new Answers(new ArrayDeque<>(List.of(first, later)));
  }

  @Override
  public synchronized InetAddress[] resolve(String host) throws UnknownHostException {
    List<InetAddress> answer = answers.size() > 1 ? answers.poll() : answers.peek();
    if (answer == null) {
      throw new UnknownHostException(host);
    }
    return answer.toArray(new InetAddress[0]);
  }

  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }
}
