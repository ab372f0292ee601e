package dev.graft.server.signing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.vault.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Requests that a library signed which is not ours; {@code scripts/signing-vectors} has it sign
 * them anew.
 */
class InteropTest {
  private static final ObjectNode FILE = read();

  private static ObjectNode read() {
    try {
      return Json.parseObject(
          Files.readString(Path.of("src/test/resources/signing/http-message-signatures.json")));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SigningKey key(JsonNode request) {
    return request.required("algorithm").stringValue().equals(SigningKey.Ed25519.NAME)
        ? SigningKey.Ed25519.read(FILE.required("publicKey").stringValue()).orElseThrow()
        : new SigningKey.Hmac(
            () -> Secret.owning(Base64.getDecoder().decode(FILE.required("secret").stringValue())));
  }

  private static Message message(JsonNode request, String method) {
    var url = URI.create(request.required("url").stringValue());
    Map<String, List<String>> fields = new HashMap<>();
    request
        .required("headers")
        .properties()
        .forEach(header -> {
          var lines = new ArrayList<String>();
          if (header.getValue().isArray()) {
            header.getValue().forEach(line -> lines.add(line.stringValue()));
          } else {
            lines.add(header.getValue().stringValue());
          }
          fields.put(header.getKey(), lines);
        });
    return new Message(
        method,
        url.getScheme(),
        Message.authority(url.getScheme(), url.getRawAuthority()),
        url.getRawPath(),
        url.getRawQuery(),
        fields);
  }

  @Test
  void whatAnotherLibrarySignsIsVerifiedAndNothingElse() throws Exception {
    int verified = 0;
    for (JsonNode request : FILE.required("requests")) {
      String method = request.required("method").stringValue();
      Message message = message(request, method);
      List<Signature> signatures = Signature.of(message);
      assertThat(signatures).hasSize(1);
      Signature signature = signatures.getFirst();
      SigningKey key = key(request);
      assertThat(signature.fits(message, key)).as(request.toString()).isTrue();
      assertThat(signature.text("keyid").orElseThrow())
          .isEqualTo(FILE.required("keyid").stringValue());
      assertThat(signature.number("created").orElseThrow())
          .isEqualTo(FILE.required("created").longValue());

      assertThat(signature.fits(message(request, "PUT"), key)).isFalse();
      SigningKey other =
          key instanceof SigningKey.Hmac
              ? SigningKey.Ed25519.read(FILE.required("publicKey").stringValue()).orElseThrow()
              : new SigningKey.Hmac(() -> Secret.owning(new byte[32]));
      assertThat(signature.fits(message, other)).isFalse();
      if (request.required("body").isString()) {
        String body = request.required("body").stringValue();
        assertThat(ContentDigest.fits(message.lines("content-digest"), body.getBytes(UTF_8)))
            .isTrue();
        assertThat(
                ContentDigest.fits(message.lines("content-digest"), (body + " ").getBytes(UTF_8)))
            .isFalse();
      }
      verified++;
    }
    assertThat(verified).isEqualTo(20);
  }
}
