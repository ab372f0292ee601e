package dev.graft.server;

import dev.graft.sandbox.Account;
import dev.graft.sandbox.Sandbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Customers of a test, and what is going on in their accounts. */
final class Work {
  private Work() {}

  /** A customer with an account at the sandbox that is linked here. */
  record Customer(String userId, Account account) {
    boolean hasOnePair() {
      return account.objects("tool").size() == 1 && account.objects("assistant").size() == 1;
    }
  }

  static List<Customer> customers(Sandbox sandbox, RunningServer server, String name, int count) {
    var customers = new ArrayList<Customer>();
    for (int i = 0; i < count; i++) {
      String user = name + "-" + i;
      Account account = sandbox.account(user, "key-of-" + user);
      if (server.link(user, "key-of-" + user).status() != 200) {
        throw new AssertionError(user + " is not linked");
      }
      customers.add(new Customer(user, account));
    }
    return customers;
  }

  /** Clones for all of them at the same time; the answers in their order. */
  static List<RunningServer.Answer> cloneAll(RunningServer server, List<Customer> customers) {
    return together(
        customers.stream()
            .<Callable<RunningServer.Answer>>map(customer -> () -> server.clone(customer.userId()))
            .toList());
  }

  static <T> List<T> together(List<Callable<T>> tasks) {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var results = new ArrayList<T>();
      for (Future<T> future : executor.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  /** The operations that are not over, in the accounts of this server. */
  static List<String> running(RunningServer server) {
    var running = new ArrayList<String>();
    String after = "";
    do {
      var page = server.get("/v1/accounts?limit=200&after=" + after).json();
      page.get("accounts")
          .forEach(account ->
              server
                  .get("/v1/accounts/" + account.get("id").stringValue() + "/operations")
                  .json()
                  .get("operations")
                  .forEach(operation -> {
                    if (operation.get("status").stringValue().equals("running")) {
                      running.add(operation.toString());
                    }
                  }));
      after = page.get("next").isNull() ? "" : page.get("next").stringValue();
    } while (!after.isEmpty());
    return running;
  }

  /** Waits until everything is done, without asking for any of it. */
  static void untilNothingRuns(RunningServer server, Duration within) {
    Eventually.holds(
        within, () -> running(server).isEmpty(), () -> "these run: " + running(server));
  }
}
