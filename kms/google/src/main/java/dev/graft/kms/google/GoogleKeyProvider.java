package dev.graft.kms.google;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.StatusCode;
import com.google.cloud.kms.v1.DecryptRequest;
import com.google.cloud.kms.v1.DecryptResponse;
import com.google.cloud.kms.v1.EncryptRequest;
import com.google.cloud.kms.v1.EncryptResponse;
import com.google.cloud.kms.v1.KeyManagementServiceClient;
import com.google.protobuf.ByteString;
import com.google.protobuf.Int64Value;
import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import dev.graft.vault.VaultException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Wraps data keys by {@code encrypt} and {@code decrypt} of a symmetric key.
 *
 * <p>Wrapped bytes are a form number, 1, and the service's ciphertext. The version is the full name
 * of the key's version. {@code decrypt} finds the version by itself and does not tell it; so the
 * version is bound along with the context, in front of it and with its length, and what is said to
 * be of another version does not unwrap.
 */
final class GoogleKeyProvider implements KeyProvider {
  private static final byte FORM = 1;
  private static final int DATA_KEY_BYTES = 32;

  /** One for the guess, one for the version that the guess showed, one for a rotation just then. */
  private static final int ATTEMPTS = 3;

  private final String uri;
  private final String key;
  private final Duration timeout;
  private final KeyManagementServiceClient kms;
  private volatile String newestVersion;

  GoogleKeyProvider(String uri, String key, Duration timeout, KeyManagementServiceClient kms) {
    this.uri = uri;
    this.key = key;
    this.timeout = timeout;
    this.kms = kms;
    this.newestVersion = key + "/cryptoKeyVersions/1";
  }

  @Override
  public String uri() {
    return uri;
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    return dataKey.reveal(
        SecretAccess.of("being wrapped by Google Cloud KMS"),
        plaintext -> {
          if (plaintext.length != DATA_KEY_BYTES) {
            throw new IllegalArgumentException("A data key has 32 bytes.");
          }
          return wrap(plaintext, context);
        });
  }

  private Wrapped wrap(byte[] plaintext, Context context) {
    long deadline = System.nanoTime() + timeout.toNanos();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      String version = newestVersion;
      ByteString bound = bound(version, context);
      EncryptResponse response = encrypt(ByteString.copyFrom(plaintext), bound, deadline);
      if (response.getName().equals(version)) {
        byte[] ciphertext = response.getCiphertext().toByteArray();
        return new Wrapped(
            version, ByteBuffer.allocate(1 + ciphertext.length).put(FORM).put(ciphertext).array());
      }
      newestVersion = response.getName();
    }
    throw unavailable("its key gets new versions faster than it can be used", null);
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    if (!isVersion(wrapped.kekVersion())) {
      throw VaultException.versionNotThere(uri, wrapped.kekVersion(), null);
    }
    byte[] bytes = wrapped.bytes();
    if (bytes.length < 2 || bytes[0] != FORM) {
      throw VaultException.doesNotUnwrap(context, null);
    }
    ByteString ciphertext = ByteString.copyFrom(bytes, 1, bytes.length - 1);
    ByteString bound = bound(wrapped.kekVersion(), context);
    DecryptRequest request =
        DecryptRequest.newBuilder()
            .setName(key)
            .setCiphertext(ciphertext)
            .setCiphertextCrc32C(checksum(ciphertext))
            .setAdditionalAuthenticatedData(bound)
            .setAdditionalAuthenticatedDataCrc32C(checksum(bound))
            .build();
    try {
      DecryptResponse response =
          answer(
              () -> kms.decryptCallable().futureCall(request),
              System.nanoTime() + timeout.toNanos());
      byte[] plaintext = response.getPlaintext().toByteArray();
      if (plaintext.length == DATA_KEY_BYTES
          && checksum(response.getPlaintext()).equals(response.getPlaintextCrc32C())) {
        return Secret.owning(plaintext);
      }
      Arrays.fill(plaintext, (byte) 0);
      throw spoilt();
    } catch (ApiException e) {
      if (isOfTheKeysState(e)) {
        throw says(e, "DESTROY")
            ? VaultException.versionNotThere(uri, wrapped.kekVersion(), e)
            : away(e);
      }
      if (e.getStatusCode().getCode() == StatusCode.Code.INVALID_ARGUMENT) {
        throw VaultException.doesNotUnwrap(context, e);
      }
      throw away(e);
    }
  }

  private EncryptResponse encrypt(ByteString plaintext, ByteString bound, long deadline) {
    EncryptRequest request =
        EncryptRequest.newBuilder()
            .setName(key)
            .setPlaintext(plaintext)
            .setPlaintextCrc32C(checksum(plaintext))
            .setAdditionalAuthenticatedData(bound)
            .setAdditionalAuthenticatedDataCrc32C(checksum(bound))
            .build();
    try {
      EncryptResponse response = answer(() -> kms.encryptCallable().futureCall(request), deadline);
      if (isVersion(response.getName())
          && response.getVerifiedPlaintextCrc32C()
          && response.getVerifiedAdditionalAuthenticatedDataCrc32C()
          && checksum(response.getCiphertext()).equals(response.getCiphertextCrc32C())) {
        return response;
      }
      throw spoilt();
    } catch (ApiException e) {
      throw away(e);
    }
  }

  /**
   * Asks again when the connection broke, as one does that was kept and was closed just then: the
   * client does not, and to wrap or unwrap once more changes nothing there.
   */
  private <T> T answer(Supplier<Future<T>> call, long deadline) {
    for (int attempt = 1; ; attempt++) {
      try {
        return answer(call.get(), deadline);
      } catch (ApiException e) {
        if (attempt == ATTEMPTS || !(e.getCause() instanceof SocketException)) {
          throw e;
        }
      }
    }
  }

  /** The client's own time limit does not cover logging in, so the wait itself has one. */
  private <T> T answer(Future<T> call, long deadline) {
    try {
      return call.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ApiException refusal) {
        throw refusal;
      }
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw unavailable(
          "it cannot be reached or broke off (" + cause.getClass().getSimpleName() + ")", cause);
    } catch (TimeoutException e) {
      call.cancel(true);
      throw unavailable("it did not answer within " + timeout.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      call.cancel(true);
      Thread.currentThread().interrupt();
      throw unavailable("the wait for it was interrupted", e);
    }
  }

  /** A version's name comes from the database; only this key's are asked for. */
  private boolean isVersion(String name) {
    return name.startsWith(key + "/cryptoKeyVersions/")
        && name.substring(key.length() + "/cryptoKeyVersions/".length()).matches("\\d{1,9}");
  }

  private static ByteString bound(String version, Context context) {
    byte[] name = version.getBytes(UTF_8);
    byte[] canonical = context.canonical();
    return ByteString.copyFrom(
        ByteBuffer.allocate(Integer.BYTES + name.length + canonical.length)
            .putInt(name.length)
            .put(name)
            .put(canonical)
            .array());
  }

  private static Int64Value checksum(ByteString bytes) {
    var crc = new CRC32C();
    crc.update(bytes.asReadOnlyByteBuffer());
    return Int64Value.of(crc.getValue());
  }

  private VaultException spoilt() {
    return unavailable(
        "its answer was spoilt on the way, or is not one of Google Cloud KMS. Check the endpoint",
        null);
  }

  /**
   * Over HTTP both are a 400, which the client takes for a wrong argument: the reply's text tells.
   */
  private static boolean isOfTheKeysState(ApiException e) {
    StatusCode.Code code = e.getStatusCode().getCode();
    return code == StatusCode.Code.FAILED_PRECONDITION
        || code == StatusCode.Code.INVALID_ARGUMENT
            && (says(e, "FAILED_PRECONDITION") || says(e, "is not enabled, current state is"));
  }

  private VaultException away(ApiException e) {
    StatusCode.Code code =
        isOfTheKeysState(e) ? StatusCode.Code.FAILED_PRECONDITION : e.getStatusCode().getCode();
    return unavailable(
        switch (code) {
          case UNAUTHENTICATED, PERMISSION_DENIED ->
              "it does not let Graft use the key ("
                  + code
                  + "). Check the credentials; the account needs the role Cloud KMS CryptoKey"
                  + " Encrypter/Decrypter";
          case NOT_FOUND -> "there is no such key. Check the address";
          case FAILED_PRECONDITION -> "its key, or the version needed, is switched off. Enable it";
          case RESOURCE_EXHAUSTED -> "it asks for patience (" + code + ")";
          case INVALID_ARGUMENT ->
              "it refuses the request. The key must be one for ENCRYPT_DECRYPT";
          default -> "it cannot be reached, broke off, or has an error of its own (" + code + ")";
        },
        e);
  }

  private static boolean says(ApiException e, String word) {
    for (Throwable each = e; each != null; each = each.getCause()) {
      if (String.valueOf(each.getMessage()).contains(word)) {
        return true;
      }
    }
    return false;
  }

  private VaultException unavailable(String reason, @Nullable Throwable cause) {
    return VaultException.unavailable(uri, reason, cause);
  }
}
