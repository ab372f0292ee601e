package dev.graft.sandbox;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * A Vapi on this machine: accounts with assistants and tools behind the API that Vapi has, over
 * real HTTP, with faults to order. It listens on 127.0.0.1 only and forgets everything when closed.
 */
public final class Sandbox implements AutoCloseable {
  static {
    // Without it the JDK's server waits for acknowledgements between header and body, and it drops
    // idle connections after 30 s or beyond 200 of them, which clients would take for a fault.
    setIfUnset("sun.net.httpserver.nodelay", "true");
    setIfUnset("sun.net.httpserver.idleInterval", "3600");
    setIfUnset("sun.net.httpserver.maxIdleConnections", "20000");
  }

  private final Options atStart;
  private volatile Options options;
  private final Accounts accounts = new Accounts(this::options);
  private final RequestLog requests = new RequestLog();
  private final List<Fault> faults = new CopyOnWriteArrayList<>();
  private final Control control = new Control(this);
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer us;
  private final @Nullable HttpServer eu;

  private Sandbox(Options options) throws IOException {
    this.atStart = options;
    this.options = options;
    var api = new VapiApi(accounts);
    us = listening(options.port());
    try {
      eu = options.euPort() == Options.NOWHERE ? null : listening(options.euPort());
    } catch (IOException taken) {
      us.stop(0);
      throw taken;
    }
    serve(us, new Wire(Region.US, this, api));
    if (eu != null) {
      serve(eu, new Wire(Region.EU, this, api));
    }
  }

  private static void setIfUnset(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private static HttpServer listening(int port) throws IOException {
    var address = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    return HttpServer.create(new InetSocketAddress(address, port), 1024);
  }

  private void serve(HttpServer server, Wire wire) {
    server.setExecutor(executor);
    server.createContext("/", wire);
    server.start();
  }

  /** Both regions on free ports, as close to Vapi as is known. */
  public static Sandbox start() {
    return start(Options.standard());
  }

  /**
   * Starts as the options say.
   *
   * @throws PortTaken if one of the ports cannot be had
   */
  public static Sandbox start(Options options) {
    try {
      return new Sandbox(options);
    } catch (IOException taken) {
      throw new PortTaken(options, taken);
    }
  }

  /** A port to listen on cannot be had; another one, or 0 for any, will do. */
  public static final class PortTaken extends RuntimeException {
    PortTaken(Options options, IOException cause) {
      super(
          "Cannot listen on port "
              + options.port()
              + (options.euPort() > 0 ? " and " + options.euPort() : "")
              + " of 127.0.0.1: "
              + cause.getMessage(),
          cause);
    }
  }

  /** What to use in place of https://api.vapi.ai. */
  public URI url() {
    return urlOf(us);
  }

  /** What to use in place of https://api.eu.vapi.ai. */
  public URI euUrl() {
    if (eu == null) {
      throw new IllegalStateException("This sandbox was started without the EU region.");
    }
    return urlOf(eu);
  }

  boolean hasEu() {
    return eu != null;
  }

  private static URI urlOf(HttpServer server) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** The account of that name and key in the US region, made if it is not there. */
  public Account account(String name, String key) {
    return account(name, key, Region.US);
  }

  /** The account of that name and key, made if it is not there. */
  public Account account(String name, String key, Region region) {
    return accounts.account(name, key, region);
  }

  public List<Account> allAccounts() {
    return accounts.all();
  }

  /** Lets something go wrong from now on. */
  public Fault fault(Fault fault) {
    faults.add(fault);
    return fault;
  }

  public List<Fault> faults() {
    return List.copyOf(faults);
  }

  public void remove(Fault fault) {
    faults.remove(fault);
  }

  public void clearFaults() {
    faults.clear();
  }

  public RequestLog requests() {
    return requests;
  }

  public Options options() {
    return options;
  }

  /** Switches a quirk for all accounts that have not switched it for themselves. */
  public synchronized Sandbox turn(Quirk quirk, boolean on) {
    options = options.with(quirk, on);
    return this;
  }

  public synchronized Sandbox set(Dial dial, long value) {
    options = options.with(dial, value);
    return this;
  }

  /** How long each request waits before it is looked at. */
  public Sandbox latency(Duration each) {
    return set(Dial.LATENCY_MS, each.toMillis());
  }

  /**
   * Starts over: options as at the start, no faults, an empty request log, and all accounts empty,
   * their revoked keys good again. Accounts that a made-up key has opened are gone.
   */
  public synchronized void reset() {
    options = atStart;
    faults.clear();
    accounts.reset();
    requests.clear();
  }

  Accounts accounts() {
    return accounts;
  }

  Control control() {
    return control;
  }

  /**
   * Counts the request against all faults; those that strike it come in the order they were set.
   */
  List<Fault> striking(Call call, @Nullable Account account) {
    if (faults.isEmpty()) {
      return List.of();
    }
    var striking = new ArrayList<Fault>();
    for (Fault fault : faults) {
      if (fault.strikes(call, account)) {
        striking.add(fault);
      }
    }
    return striking;
  }

  /** Stops at once; requests that hang are cut off. */
  @Override
  public void close() {
    us.stop(0);
    if (eu != null) {
      eu.stop(0);
    }
    executor.shutdownNow();
  }
}
