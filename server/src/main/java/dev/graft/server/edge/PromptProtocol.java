package dev.graft.server.edge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.coyote.AbstractProcessor;
import org.apache.coyote.Constants;
import org.apache.coyote.Processor;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.AbstractEndpoint;
import org.apache.tomcat.util.net.ApplicationBufferHandler;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP for callers that come to the point: a handshake, the headers of a request, and whatever is
 * left of one that was answered already, must be here within a time that does not begin anew with
 * every byte. Tomcat by itself only waits for the next byte. It makes this class by its name.
 */
public final class PromptProtocol extends Http11NioProtocol {
  /** For all of the headers together, or all of the handshake. */
  public static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(PromptProtocol.class);
  private static final byte[] NOTHING = new byte[8 * 1024];
  private static final Duration LOOKS_EVERY = Duration.ofSeconds(1);

  private final Map<SocketWrapperBase<NioChannel>, Long> dawdling = new HashMap<>();
  private final Map<SocketWrapperBase<?>, AbstractProcessor> atWork = new ConcurrentHashMap<>();
  private volatile boolean stopped;

  /** Tomcat does not tell which connection a thread works for, so that it is noted here. */
  private final class Noted extends Http11Processor {
    Noted() {
      super(PromptProtocol.this, PromptProtocol.this.getAdapter());
    }

    @Override
    public AbstractEndpoint.Handler.SocketState service(SocketWrapperBase<?> connection)
        throws IOException {
      atWork.put(connection, this);
      try {
        AbstractEndpoint.Handler.SocketState state = super.service(connection);
        if (state == AbstractEndpoint.Handler.SocketState.OPEN
            || state == AbstractEndpoint.Handler.SocketState.CLOSED) {
          forget(connection);
        }
        return state;
      } finally {
        atWork.remove(connection);
      }
    }

    /**
     * Between requests nothing of the last one is needed, and keys and tokens were in it: a
     * connection that is kept shall not keep them.
     */
    private void forget(SocketWrapperBase<?> connection) {
      if (getRequest().getInputBuffer() instanceof ApplicationBufferHandler read) {
        wipe(read.getByteBuffer());
      }
      SocketBufferHandler buffers = connection.getSocketBufferHandler();
      if (buffers != null && buffers.isReadBufferEmpty()) {
        wipe(buffers.getReadBuffer());
      }
      if (buffers != null && buffers.isWriteBufferEmpty()) {
        wipe(buffers.getWriteBuffer());
      }
    }

    private static void wipe(@Nullable ByteBuffer buffer) {
      if (buffer != null) {
        ByteBuffer all = buffer.duplicate().clear();
        while (all.hasRemaining()) {
          all.put(NOTHING, 0, Math.min(NOTHING.length, all.remaining()));
        }
      }
    }
  }

  @Override
  protected Processor createProcessor() {
    return new Noted();
  }

  @Override
  public void start() throws Exception {
    super.start();
    stopped = false;
    Thread.ofPlatform().daemon().name("prompt-" + getPort()).start(this::watch);
  }

  @Override
  public void stop() throws Exception {
    stopped = true;
    super.stop();
  }

  private void watch() {
    while (!stopped) {
      try {
        Thread.sleep(LOOKS_EVERY);
        look(System.nanoTime());
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.warn("slow callers cannot be looked for now", e);
      }
    }
  }

  private void look(long now) {
    var open = getEndpoint().getConnections();
    dawdling.keySet().retainAll(open);
    for (SocketWrapperBase<NioChannel> connection : open) {
      if (!isDawdling(connection)) {
        dawdling.remove(connection);
      } else if (now - dawdling.computeIfAbsent(connection, _ -> now) > PATIENCE.toNanos()) {
        LOG.debug("a caller took too long over its request and is sent away");
        connection.close();
        dawdling.remove(connection);
      }
    }
  }

  /** Whether it began something and has not finished it. Idle between requests is neither. */
  private boolean isDawdling(SocketWrapperBase<NioChannel> connection) {
    AbstractProcessor working = atWork.get(connection);
    if (working != null) {
      int stage = stage(working);
      return stage == Constants.STAGE_PARSE
          || stage == Constants.STAGE_PREPARE
          || stage == Constants.STAGE_ENDINPUT;
    }
    if (connection.getCurrentProcessor() instanceof AbstractProcessor waiting) {
      // No thread works for it, and it keeps its place: its headers are not all here.
      return stage(waiting) != Constants.STAGE_SERVICE;
    }
    NioChannel channel = connection.getSocket();
    return channel != null && !channel.isHandshakeComplete();
  }

  private static int stage(AbstractProcessor processor) {
    return processor.getRequest().getRequestProcessor().getStage();
  }
}
