package dev.graft.server.edge;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks TLS 1.3 with the certificate in the files, and takes up a new one while it runs. New files
 * that cannot be used change nothing.
 */
public final class Tls implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Tls.class);
  private static final Duration LOOKS_EVERY = Duration.ofSeconds(2);

  private static final String CIPHERS =
      "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

  /** For a store that never leaves this process. */
  private static final String PASSWORD = "in-memory";

  private final CertificateFiles files;
  private final AbstractHttp11Protocol<?> protocol;
  private final Thread watching;
  private volatile boolean closed;
  private volatile Instant certificateEnds;
  private CertificateFiles.Stamp stamp;
  private String state;

  private Tls(
      CertificateFiles files,
      AbstractHttp11Protocol<?> protocol,
      CertificateFiles.Stamp stamp,
      String state,
      CertificateFiles.Certificate certificate) {
    this.files = files;
    this.protocol = protocol;
    this.stamp = stamp;
    this.state = state;
    this.certificateEnds = certificate.end();
    this.watching = Thread.ofVirtual().name("certificate").unstarted(this::watch);
  }

  /** Makes a connector speak TLS, with the certificate that is in the files now. */
  public static Tls on(AbstractHttp11Protocol<?> protocol, CertificateFiles files)
      throws CertificateFiles.Unusable {
    CertificateFiles.Stamp stamp = files.stamp();
    String state = files.state();
    protocol.setSSLEnabled(true);
    CertificateFiles.Certificate certificate = files.read();
    protocol.addSslHostConfig(config(certificate), true);
    var tls = new Tls(files, protocol, stamp, state, certificate);
    tls.watching.start();
    return tls;
  }

  /** Until when the certificate that is shown now is valid. */
  public Instant certificateEnds() {
    return certificateEnds;
  }

  private void watch() {
    while (!closed) {
      try {
        Thread.sleep(LOOKS_EVERY);
      } catch (InterruptedException e) {
        return;
      }
      if (mayHaveChanged()) {
        String now = files.state();
        if (!now.equals(state)) {
          state = now;
          takeUp();
        }
      }
    }
  }

  /** The files are read only then: there is a private key in them. */
  private boolean mayHaveChanged() {
    CertificateFiles.Stamp before = stamp;
    stamp = files.stamp();
    return stamp.mayHideChange(before, state, Instant.now());
  }

  private void takeUp() {
    try {
      CertificateFiles.Certificate certificate = files.read();
      protocol.addSslHostConfig(config(certificate), true);
      certificateEnds = certificate.end();
      LOG.info("the new TLS certificate is in use, valid until {}", certificateEnds);
    } catch (CertificateFiles.Unusable e) {
      LOG.error("the old TLS certificate stays in use: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("the old TLS certificate stays in use: the new one cannot be served", e);
    }
  }

  private static SSLHostConfig config(CertificateFiles.Certificate certificate) {
    var config = new SSLHostConfig();
    config.setProtocols("TLSv1.3");
    config.setCiphers(CIPHERS);
    config.setHonorCipherOrder(true);
    var shown = new SSLHostConfigCertificate(config, SSLHostConfigCertificate.Type.UNDEFINED);
    shown.setCertificateKeystore(store(certificate));
    shown.setCertificateKeystorePassword(PASSWORD);
    config.addCertificate(shown);
    return config;
  }

  private static KeyStore store(CertificateFiles.Certificate certificate) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, PASSWORD.toCharArray());
      store.setKeyEntry(
          "graft",
          certificate.key(),
          PASSWORD.toCharArray(),
          certificate.chain().toArray(new X509Certificate[0]));
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("every JDK has a PKCS#12 store in memory", e);
    }
  }

  @Override
  public void close() {
    closed = true;
    watching.interrupt();
  }
}
