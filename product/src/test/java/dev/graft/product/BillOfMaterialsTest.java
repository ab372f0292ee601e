package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is shipped is what the bills of materials say, byte for byte, and nothing else. */
class BillOfMaterialsTest {
  @Test
  void everyLibraryBesideAProgramIsInItsBillWithItsDigestAndNoOther() throws Exception {
    for (String program : List.of("server", "cli", "sandbox")) {
      Path target = Path.of("..", program, "target");
      ObjectNode bill =
          Json.parseObject(
              Files.readString(target.resolve("graft-" + program + "-0.1.0.cdx.json")));

      assertThat(bill.required("bomFormat").stringValue()).isEqualTo("CycloneDX");
      assertThat(bill.required("specVersion").stringValue()).isEqualTo("1.6");
      assertThat(bill.at("/metadata/component/name").stringValue()).isEqualTo("graft-" + program);
      Map<String, String> shipped = digests(target.resolve("lib"));
      assertThat(shipped).isNotEmpty();
      assertThat(listed(bill)).as(program).isEqualTo(shipped);
    }
  }

  @Test
  void everyLibraryOfAKeyProviderIsInItsBillWithItsDigestAndNoOther() throws Exception {
    for (String module :
        Stream.concat(KeyServicesTest.MODULES.stream(), Stream.of("pkcs11")).toList()) {
      Path provider = Path.of("..", "kms", module, "target", "provider");
      String name = "graft-kms-" + module;
      ObjectNode bill =
          Json.parseObject(Files.readString(provider.resolve(name + "-0.1.0.cdx.json")));

      assertThat(bill.at("/metadata/component/name").stringValue()).isEqualTo(name);
      Map<String, String> shipped = digests(provider);
      assertThat(shipped.remove(name + "-0.1.0.cdx.json")).isNotNull();
      assertThat(shipped.remove(name + "-0.1.0.jar")).isNotNull();
      assertThat(listed(bill)).as(module).isEqualTo(shipped);
    }
  }

  private static Map<String, String> digests(Path folder)
      throws IOException, NoSuchAlgorithmException {
    var digests = new TreeMap<String, String>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        digests.put(
            file.getFileName().toString(),
            HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file))));
      }
    }
    return digests;
  }

  /** The file name that Maven gives each component, with its SHA-256. */
  private static Map<String, String> listed(ObjectNode bill) {
    var listed = new TreeMap<String, String>();
    // A program without libraries has no list of them.
    for (JsonNode component : bill.path("components")) {
      String purl = component.required("purl").stringValue();
      String classifier =
          purl.contains("classifier=")
              ? "-" + purl.replaceFirst(".*classifier=([^&]*).*", "$1")
              : "";
      for (JsonNode hash : component.required("hashes")) {
        if (hash.required("alg").stringValue().equals("SHA-256")) {
          listed.put(
              component.required("name").stringValue()
                  + "-"
                  + component.required("version").stringValue()
                  + classifier
                  + ".jar",
              hash.required("content").stringValue());
        }
      }
    }
    return listed;
  }
}
