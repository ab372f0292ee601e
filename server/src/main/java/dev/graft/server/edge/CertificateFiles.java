package dev.graft.server.edge;

import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.pem.PemContent;

/** Where the server's certificate and its private key are. */
public sealed interface CertificateFiles {
  /** Two files in PEM: the certificate with its chain, and the key. */
  record Pem(Path certificate, Path key, Optional<Secret> password) implements CertificateFiles {}

  /** One file with both. */
  record Pkcs12(Path file, Optional<Secret> password) implements CertificateFiles {}

  /** What the key is encrypted with, if it is. */
  Optional<Secret> password();

  /** Files that hold no certificate that could be shown, in a sentence. */
  final class Unusable extends Exception {
    Unusable(String message) {
      super(message);
    }
  }

  /** Reads certificate and key, and proves that they belong together. */
  default Certificate read() throws Unusable {
    try {
      Certificate certificate =
          switch (this) {
            case Pem pem -> read(pem);
            case Pkcs12 pkcs12 -> read(pkcs12);
          };
      certificate.requireUsable(this);
      return certificate;
    } catch (IOException e) {
      throw new Unusable(
          "The files of the certificate cannot be read: "
              + this
              + ". Make them readable for the user who runs Graft.");
    } catch (GeneralSecurityException | IllegalStateException | IllegalArgumentException e) {
      throw new Unusable(
          "The certificate or its key in "
              + this
              + " cannot be understood. Give a certificate with its chain and a key in PEM, or both in"
              + " PKCS#12, with the right password.");
    }
  }

  /**
   * What shows from outside that the files may have changed, or that a link points to others now.
   *
   * @param newest when one was changed last; a file that is changed again in the same moment can
   *     look the same
   */
  record Stamp(String text, Instant newest) {
    /** How long after a change another one could go unseen from outside. */
    private static final Duration UNSURE = Duration.ofSeconds(10);

    /**
     * Whether the files have to be read to know that they are as they were.
     *
     * @param before how they looked then
     * @param state what was read then; that files may be read now does not show from outside
     */
    boolean mayHideChange(Stamp before, String state, Instant now) {
      return !equals(before) || state.equals(UNREADABLE) || newest.isAfter(now.minus(UNSURE));
    }
  }

  /** What stands for the contents of files that cannot be read. */
  String UNREADABLE = "unreadable";

  default Stamp stamp() {
    var text = new StringBuilder();
    Instant newest = Instant.MIN;
    try {
      for (Path file : files()) {
        var attributes = Files.readAttributes(file, BasicFileAttributes.class);
        Instant changed = attributes.lastModifiedTime().toInstant();
        newest = changed.isAfter(newest) ? changed : newest;
        text.append(attributes.fileKey())
            .append(' ')
            .append(changed)
            .append(' ')
            .append(attributes.size())
            .append('\n');
      }
      return new Stamp(text.toString(), newest);
    } catch (IOException e) {
      return new Stamp(UNREADABLE, Instant.MIN);
    }
  }

  /** What changes when the contents of the files do. */
  default String state() {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      for (Path file : files()) {
        byte[] content = Files.readAllBytes(file);
        digest.update(content);
        digest.update((byte) 0);
        Arrays.fill(content, (byte) 0);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException | GeneralSecurityException e) {
      return UNREADABLE;
    }
  }

  private List<Path> files() {
    return switch (this) {
      case Pem(var certificate, var key, _) -> List.of(certificate, key);
      case Pkcs12(var file, _) -> List.of(file);
    };
  }

  private static Certificate read(Pem pem) throws IOException, GeneralSecurityException {
    List<X509Certificate> chain = PemContent.load(pem.certificate()).getCertificates();
    PemContent keys = PemContent.load(pem.key());
    PrivateKey key =
        pem.password().isEmpty()
            ? keys.getPrivateKey()
            : keys.getPrivateKey(String.valueOf(characters(pem.password().get())));
    return Certificate.of(chain, key);
  }

  private static Certificate read(Pkcs12 pkcs12) throws IOException, GeneralSecurityException {
    char[] password = pkcs12.password().map(CertificateFiles::characters).orElse(new char[0]);
    KeyStore store = KeyStore.getInstance("PKCS12");
    byte[] content = Files.readAllBytes(pkcs12.file());
    try {
      store.load(new ByteArrayInputStream(content), password);
      return read(store, password);
    } catch (IOException e) {
      throw new GeneralSecurityException(e);
    } finally {
      Arrays.fill(content, (byte) 0);
      Arrays.fill(password, '\0');
    }
  }

  private static Certificate read(KeyStore store, char[] password) throws GeneralSecurityException {
    for (String alias : Collections.list(store.aliases())) {
      if (store.isKeyEntry(alias) && store.getKey(alias, password) instanceof PrivateKey key) {
        return Certificate.of(
            Arrays.stream(store.getCertificateChain(alias))
                .map(X509Certificate.class::cast)
                .toList(),
            key);
      }
    }
    throw new GeneralSecurityException("no key");
  }

  private static char[] characters(Secret password) {
    return password.reveal(
        SecretAccess.of("the password of the server's TLS key"),
        bytes -> {
          CharBuffer decoded = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes));
          char[] characters = new char[decoded.remaining()];
          decoded.get(characters);
          Arrays.fill(decoded.array(), '\0');
          return characters;
        });
  }

  /** A certificate with its chain, and its private key. */
  record Certificate(List<X509Certificate> chain, PrivateKey key) {
    static Certificate of(@Nullable List<X509Certificate> chain, @Nullable PrivateKey key)
        throws GeneralSecurityException {
      if (chain == null || chain.isEmpty() || key == null) {
        throw new GeneralSecurityException("incomplete");
      }
      return new Certificate(List.copyOf(chain), key);
    }

    /** Until when the server's own certificate, or one above it, is valid. */
    Instant end() {
      return chain.stream()
          .map(one -> one.getNotAfter().toInstant())
          .min(Instant::compareTo)
          .orElse(Instant.EPOCH);
    }

    private void requireUsable(CertificateFiles files) throws Unusable, GeneralSecurityException {
      X509Certificate own = chain.getFirst();
      String algorithm =
          switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
          };
      byte[] text = "one pair".getBytes(StandardCharsets.US_ASCII);
      Signature signing = Signature.getInstance(algorithm);
      signing.initSign(key);
      signing.update(text);
      byte[] signature = signing.sign();
      Signature verifying = Signature.getInstance(algorithm);
      verifying.initVerify(own.getPublicKey());
      verifying.update(text);
      if (!verifying.verify(signature)) {
        throw new Unusable(
            "The key does not belong to the certificate in "
                + files
                + ". Put the key there with which the certificate was asked for.");
      }
      if (own.getNotAfter().toInstant().isBefore(Instant.now())) {
        throw new Unusable(
            "The certificate in "
                + files
                + " ran out on "
                + own.getNotAfter().toInstant()
                + ". Renew it, and put the new one in its place.");
      }
    }
  }
}
