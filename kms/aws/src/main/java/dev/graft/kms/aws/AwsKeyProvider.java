package dev.graft.kms.aws;

import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import dev.graft.vault.VaultException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.model.DecryptResponse;
import software.amazon.awssdk.services.kms.model.DisabledException;
import software.amazon.awssdk.services.kms.model.EncryptResponse;
import software.amazon.awssdk.services.kms.model.IncorrectKeyException;
import software.amazon.awssdk.services.kms.model.InvalidCiphertextException;
import software.amazon.awssdk.services.kms.model.KmsException;
import software.amazon.awssdk.services.kms.model.KmsInvalidStateException;
import software.amazon.awssdk.services.kms.model.NotFoundException;
import software.amazon.awssdk.services.kms.model.ReEncryptResponse;

/**
 * Wraps data keys by {@code Encrypt} and {@code Decrypt}, and rewraps by {@code ReEncrypt}, which
 * does not show the data key.
 *
 * <p>Wrapped bytes are the service's ciphertext. The version is the ARN of the key and, behind a
 * hash sign, the id of the key material, which a rotation changes while the key stays the same.
 * {@code Encrypt} does not tell the material; so what was wrapped is unwrapped once, which proves
 * it as well.
 */
final class AwsKeyProvider implements KeyProvider {
  private static final int DATA_KEY_BYTES = 32;
  private static final Pattern VERSION = Pattern.compile("(arn:aws[^#]*)#([0-9a-f]*)");

  private final String uri;
  private final String key;
  private final KmsClient kms;

  AwsKeyProvider(String uri, String key, KmsClient kms) {
    this.uri = uri;
    this.key = key;
    this.kms = kms;
  }

  @Override
  public String uri() {
    return uri;
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    EncryptResponse encrypted =
        dataKey.reveal(
            SecretAccess.of("being wrapped by AWS KMS"),
            plaintext -> {
              if (plaintext.length != DATA_KEY_BYTES) {
                throw new IllegalArgumentException("A data key has 32 bytes.");
              }
              return answered(() ->
                  kms.encrypt(request ->
                      request
                          .keyId(key)
                          .plaintext(SdkBytes.fromByteArrayUnsafe(plaintext))
                          .encryptionContext(bound(context))));
            });
    byte[] ciphertext = required(encrypted.ciphertextBlob());
    String arn = required(encrypted.keyId());
    DecryptResponse decrypted = answered(() -> decrypt(arn, ciphertext, context));
    try (Secret back = dataKeyIn(decrypted)) {
      if (!back.equals(dataKey)) {
        throw notUnderstood();
      }
    }
    return new Wrapped(version(arn, decrypted.keyMaterialId()), ciphertext);
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    String arn = arn(wrapped);
    DecryptResponse decrypted =
        opened(() -> decrypt(arn, wrapped.bytes(), context), wrapped, context);
    Secret dataKey = dataKeyIn(decrypted);
    if (!wrapped.kekVersion().equals(version(arn, decrypted.keyMaterialId()))) {
      dataKey.wipe();
      throw VaultException.versionNotThere(uri, wrapped.kekVersion(), null);
    }
    return dataKey;
  }

  @Override
  public Wrapped rewrap(Wrapped wrapped, Context context) {
    String arn = arn(wrapped);
    ReEncryptResponse moved =
        opened(
            () ->
                kms.reEncrypt(request ->
                    request
                        .ciphertextBlob(SdkBytes.fromByteArray(wrapped.bytes()))
                        .sourceKeyId(arn)
                        .sourceEncryptionContext(bound(context))
                        .destinationKeyId(key)
                        .destinationEncryptionContext(bound(context))),
            wrapped,
            context);
    if (!wrapped.kekVersion().equals(version(arn, moved.sourceKeyMaterialId()))) {
      throw VaultException.versionNotThere(uri, wrapped.kekVersion(), null);
    }
    return new Wrapped(
        version(required(moved.keyId()), moved.destinationKeyMaterialId()),
        required(moved.ciphertextBlob()));
  }

  private DecryptResponse decrypt(String arn, byte[] ciphertext, Context context) {
    return kms.decrypt(request ->
        request
            .keyId(arn)
            .ciphertextBlob(SdkBytes.fromByteArray(ciphertext))
            .encryptionContext(bound(context)));
  }

  private static Map<String, String> bound(Context context) {
    return new TreeMap<>(
        Map.of(
            "graft:account", context.accountId(),
            "graft:purpose", context.purpose(),
            "graft:record", context.recordId()));
  }

  private String arn(Wrapped wrapped) {
    Matcher matcher = VERSION.matcher(wrapped.kekVersion());
    if (!matcher.matches()) {
      throw VaultException.versionNotThere(uri, wrapped.kekVersion(), null);
    }
    return matcher.group(1);
  }

  private static String version(String arn, @Nullable String material) {
    return arn + "#" + (material == null ? "" : material);
  }

  private Secret dataKeyIn(DecryptResponse decrypted) {
    SdkBytes answered = decrypted.plaintext();
    if (answered == null) {
      throw notUnderstood();
    }
    // Its own bytes and not a copy of them, so that they are wiped with the secret.
    byte[] plaintext = answered.asByteArrayUnsafe();
    if (plaintext.length != DATA_KEY_BYTES) {
      Arrays.fill(plaintext, (byte) 0);
      throw notUnderstood();
    }
    return Secret.owning(plaintext);
  }

  private byte[] required(@Nullable SdkBytes bytes) {
    if (bytes == null) {
      throw notUnderstood();
    }
    return bytes.asByteArray();
  }

  private String required(@Nullable String text) {
    if (text == null || !text.startsWith("arn:aws")) {
      throw notUnderstood();
    }
    return text;
  }

  private VaultException notUnderstood() {
    return VaultException.unavailable(
        uri, "its answer is not one of AWS KMS. Check the endpoint", null);
  }

  /** A call for something that was wrapped before, and may have been changed since. */
  private <T> T opened(Supplier<T> call, Wrapped wrapped, Context context) {
    try {
      return call.get();
    } catch (InvalidCiphertextException e) {
      throw VaultException.doesNotUnwrap(context, e);
    } catch (IncorrectKeyException | NotFoundException e) {
      throw VaultException.versionNotThere(uri, wrapped.kekVersion(), e);
    } catch (KmsException e) {
      // An empty ciphertext, or one too long, is refused by its form.
      if ("ValidationException".equals(code(e))) {
        throw VaultException.doesNotUnwrap(context, e);
      }
      throw away(e);
    } catch (SdkException e) {
      throw away(e);
    }
  }

  private <T> T answered(Supplier<T> call) {
    try {
      return call.get();
    } catch (SdkException e) {
      throw away(e);
    }
  }

  private VaultException away(SdkException e) {
    return VaultException.unavailable(uri, reason(e), e);
  }

  private static String reason(SdkException e) {
    if (e instanceof NotFoundException) {
      return "there is no such key in this account and region. Check the address";
    }
    if (e instanceof DisabledException || e instanceof KmsInvalidStateException) {
      return "its key is switched off or about to be deleted ("
          + code((KmsException) e)
          + "). Enable it, or cancel the deletion";
    }
    if (e instanceof KmsException refusal) {
      int status = refusal.statusCode();
      if (refusal.isThrottlingException()) {
        return "it asks for patience (" + code(refusal) + ")";
      }
      return status < 500
          ? "it does not let Graft use the key (HTTP %d, %s). Check credentials, IAM policy and key policy"
              .formatted(status, code(refusal))
          : "it has an error of its own (HTTP %d, %s)".formatted(status, code(refusal));
    }
    String said = String.valueOf(e.getMessage());
    if (e instanceof SdkClientException && said.contains("credentials")) {
      return "there are no credentials for it. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
          + " give this machine a role";
    }
    return "it cannot be reached, or broke off, or took too long (%s)"
        .formatted(e.getClass().getSimpleName());
  }

  private static String code(KmsException e) {
    return e.awsErrorDetails() == null ? "no code" : e.awsErrorDetails().errorCode();
  }
}
