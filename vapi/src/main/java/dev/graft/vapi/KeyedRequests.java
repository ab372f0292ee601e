package dev.graft.vapi;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestWriter;
import org.apache.hc.core5.http.impl.io.SessionOutputBufferImpl;
import org.apache.hc.core5.http.io.SessionOutputBuffer;

/**
 * Writes the heads of requests with the key that opens the account. No header of a request holds
 * it: texts cannot be wiped, and the buffers of a connection live as long as the connection. Here
 * it goes from its secret into bytes that are wiped as soon as they are sent.
 */
final class KeyedRequests extends DefaultHttpRequestWriter {
  /** The key of the exchange that the present thread makes. */
  static final ScopedValue<Secret> KEY = ScopedValue.newInstance();

  /** What it does last before its first byte: it may have waited for long to get here. */
  static final ScopedValue<Runnable> LAST = ScopedValue.newInstance();

  private static final byte[] NAME = "Authorization: Bearer ".getBytes(US_ASCII);
  private static final byte[] END = "\r\n\r\n".getBytes(US_ASCII);

  @Override
  public void write(ClassicHttpRequest request, SessionOutputBuffer buffer, OutputStream out)
      throws IOException, HttpException {
    var lines = new ByteArrayOutputStream();
    var collected = new SessionOutputBufferImpl(1024);
    super.write(request, collected, lines);
    collected.flush(lines);
    LAST.get().run();
    byte[] head = withKey(lines.toByteArray());
    try {
      buffer.flush(out);
      out.write(head);
    } finally {
      Arrays.fill(head, (byte) 0);
    }
  }

  /** The head with one line more, before the empty line that ends it. */
  private static byte[] withKey(byte[] lines) {
    int length = lines.length - END.length / 2;
    return KEY.get()
        .reveal(
            SecretAccess.of("the authorization header towards Vapi"),
            key -> {
              byte[] head = Arrays.copyOf(lines, length + NAME.length + key.length + END.length);
              System.arraycopy(NAME, 0, head, length, NAME.length);
              for (int i = 0; i < key.length; i++) {
                // A key with a line break would be a header of somebody's choice.
                boolean printable = key[i] >= ' ' && key[i] <= '~';
                head[length + NAME.length + i] = printable ? key[i] : (byte) '?';
              }
              System.arraycopy(END, 0, head, head.length - END.length, END.length);
              return head;
            });
  }
}
