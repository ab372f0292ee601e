package dev.graft.product;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Clients that clone one customer after the other and try nothing twice. */
final class Load {
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger answered = new AtomicInteger();
  private final Queue<String> failed = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();

  /** Begins. */
  Load(URI url, int clients, Cluster cluster) {
    for (int i = 0; i < clients; i++) {
      int client = i;
      threads.add(
          Thread.startVirtualThread(() -> {
            for (int round = 0; !over.get(); round++) {
              one(url, cluster, "load-" + client + "-" + round);
            }
          }));
    }
  }

  /** A new customer: linked, cloned, and looked at. */
  private void one(URI url, Cluster cluster, String name) {
    try {
      Http.post(
          cluster.vapi(),
          "/_sandbox/accounts",
          dev.graft.core.json.Json.object().put("name", name).put("key", "key-of-" + name));
      note(Http.link(url, name, "key-of-" + name));
      note(Http.clone(url, name));
      note(Http.get(url, "/v1/accounts?userId=" + name));
    } catch (IOException e) {
      failed.add(name + ": " + e);
    }
  }

  private void note(Http.Answer answer) {
    answered.incrementAndGet();
    if (answer.status() != 200) {
      failed.add(answer.toString());
    }
  }

  void stop() throws InterruptedException {
    over.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  int answered() {
    return answered.get();
  }

  List<String> failed() {
    return List.copyOf(failed);
  }
}
