package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.Gson;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What stands in ops is what systemd, container engines and Kubernetes take, and fits Graft. */
class OpsTest {
  private static final Path OPS = GraftProcess.home().resolve("ops");
  private static final String VERSION = "0.1.0";

  /** Each object of the manifests, by kind and name, read strictly: unknown fields are refused. */
  private static Map<String, Object> objects() throws IOException {
    var objects = new TreeMap<String, Object>();
    try (var files = Files.list(OPS.resolve("kubernetes"))) {
      for (Path file :
          files.filter(each -> !each.endsWith("kustomization.yaml")).sorted().toList()) {
        for (Object document : yaml().loadAll(Files.readString(file))) {
          String json = new Gson().toJson(document);
          Map<?, ?> fields = (Map<?, ?>) document;
          String kind = String.valueOf(fields.get("kind"));
          Object object =
              switch (kind) {
                case "ConfigMap" -> V1ConfigMap.fromJson(json);
                case "Deployment" -> V1Deployment.fromJson(json);
                case "Namespace" -> V1Namespace.fromJson(json);
                case "NetworkPolicy" -> V1NetworkPolicy.fromJson(json);
                case "PodDisruptionBudget" -> V1PodDisruptionBudget.fromJson(json);
                case "Secret" -> V1Secret.fromJson(json);
                case "Service" -> V1Service.fromJson(json);
                default -> throw new AssertionError(file + " has a " + kind);
              };
          // What was read is all that was there: nothing was dropped on the way.
          Object read = yaml().load(JSON.serialize(object));
          Object given = yaml().load(json);
          assertThat(withoutEmpties(read)).as(file + " " + kind).isEqualTo(withoutEmpties(given));
          Map<?, ?> metadata = (Map<?, ?>) Objects.requireNonNull(fields.get("metadata"));
          objects.put(kind + " " + metadata.get("name"), object);
        }
      }
    }
    return objects;
  }

  /** Lists that are not given come back as empty ones. */
  private static Object withoutEmpties(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(OpsTest::withoutEmpties).toList();
    }
    if (value instanceof Map<?, ?> map) {
      var kept = new TreeMap<String, Object>();
      map.forEach((name, each) -> {
        Object inner = withoutEmpties(each);
        if (!(inner instanceof List<?> none && none.isEmpty())
            && !(inner instanceof Map<?, ?> nothing && nothing.isEmpty())) {
          kept.put(String.valueOf(name), inner);
        }
      });
      return kept;
    }
    return value;
  }

  @Test
  void aFieldThatKubernetesDoesNotHaveIsRefused() throws IOException {
    String json =
        new Gson()
            .toJson(yaml().<Object>load(Files.readString(OPS.resolve("kubernetes/service.yaml"))));
    assertThatThrownBy(() -> V1Service.fromJson(json.replace("targetPort", "targetport")))
        .hasMessageContaining("targetport");
  }

  private static Yaml yaml() {
    return new Yaml(new SafeConstructor(new LoaderOptions()));
  }

  @Test
  void everyManifestIsWhatKubernetesDescribes() throws IOException {
    assertThat(objects().keySet())
        .containsExactly(
            "ConfigMap graft",
            "ConfigMap graft-template-front-desk",
            "Deployment graft",
            "Namespace graft",
            "NetworkPolicy graft",
            "PodDisruptionBudget graft",
            "Secret graft",
            "Service graft");
    Map<?, ?> list = yaml().load(Files.readString(OPS.resolve("kubernetes/kustomization.yaml")));
    for (Object resource : (List<?>) Objects.requireNonNull(list.get("resources"))) {
      assertThat(OPS.resolve("kubernetes").resolve(String.valueOf(resource))).exists();
    }
  }

  @Test
  void podsMayDoWhatTheRestrictedProfileAllowsAndNoMore() throws IOException {
    V1PodSpec pod = pod();
    var all = Objects.requireNonNull(pod.getSecurityContext());
    assertThat(all.getRunAsNonRoot()).isTrue();
    assertThat(Objects.requireNonNull(all.getSeccompProfile()).getType())
        .isEqualTo("RuntimeDefault");
    assertThat(pod.getAutomountServiceAccountToken()).isFalse();
    var own = Objects.requireNonNull(container(pod).getSecurityContext());
    assertThat(own.getAllowPrivilegeEscalation()).isFalse();
    assertThat(own.getReadOnlyRootFilesystem()).isTrue();
    assertThat(Objects.requireNonNull(own.getCapabilities()).getDrop()).containsExactly("ALL");
  }

  @Test
  void aNodeHasTimeToEndWhatItBegan() throws IOException {
    V1PodSpec pod = pod();
    // The server pauses by itself: another pause before would be taken from the same time.
    assertThat(container(pod).getLifecycle()).isNull();
    long time = Objects.requireNonNull(pod.getTerminationGracePeriodSeconds());
    // It serves on, lets run, cuts off; then a margin for what closes after all requests.
    long pause = seconds("GRAFT_STOP_PAUSE", "5s");
    long runs = seconds("GRAFT_STOP_TIME", shipped("GRAFT_STOP_TIME"));
    assertThat(time).isGreaterThanOrEqualTo(pause + runs + 3 + 10);
    assertThat(Files.readString(OPS.resolve("systemd/graft.service")))
        .contains("TimeoutStopSec=" + time);
    Path docs = GraftProcess.home().resolve("docs");
    assertThat(Files.readString(docs.resolve("operating.md"))).contains("give it " + time + " s");
    assertThat(Files.readString(docs.resolve("nodes.md")))
        .contains("terminationGracePeriodSeconds: " + time, "TimeoutStopSec=" + time);
  }

  /** What a setting is in the manifests, or else without them. */
  private static long seconds(String setting, String otherwise) throws IOException {
    var settings = (V1ConfigMap) Objects.requireNonNull(objects().get("ConfigMap graft"));
    String text = Objects.requireNonNull(settings.getData()).getOrDefault(setting, otherwise);
    return Long.parseLong(text.replaceFirst("s$", ""));
  }

  /** What the reference says that holds when a setting is not set. */
  private static String shipped(String setting) throws IOException {
    String reference = Files.readString(GraftProcess.home().resolve("docs/configuration.md"));
    Matcher row = Pattern.compile("`" + setting + "`[^|]*\\| `([^`]*)`").matcher(reference);
    assertThat(row.find()).isTrue();
    return row.group(1);
  }

  @Test
  void everySettingOfTheManifestsExistsAndSecretsAreFiles() throws IOException {
    String reference = Files.readString(GraftProcess.home().resolve("docs/configuration.md"));
    var settings = (V1ConfigMap) Objects.requireNonNull(objects().get("ConfigMap graft"));
    var names = new TreeSet<>(Objects.requireNonNull(settings.getData()).keySet());
    var files = new ArrayList<String>();
    Objects.requireNonNull(container(pod()).getEnv())
        .forEach(variable -> {
          names.add(variable.getName());
          files.add(String.valueOf(variable.getValue()));
        });
    assertThat(names).allSatisfy(name -> assertThat(reference).contains("`" + name + "`"));
    var secret = (V1Secret) Objects.requireNonNull(objects().get("Secret graft"));
    assertThat(files)
        .containsExactlyInAnyOrderElementsOf(
            Objects.requireNonNull(secret.getStringData()).keySet().stream()
                .map(name -> "/etc/graft/secrets/" + name)
                .toList());
  }

  private static V1PodSpec pod() throws IOException {
    var deployment = (V1Deployment) Objects.requireNonNull(objects().get("Deployment graft"));
    return Objects.requireNonNull(
        Objects.requireNonNull(deployment.getSpec()).getTemplate().getSpec());
  }

  private static V1Container container(V1PodSpec pod) {
    assertThat(pod.getContainers()).hasSize(1);
    return pod.getContainers().getFirst();
  }

  /** The rules that linters of such files agree on. */
  @Test
  void theContainerfileKeepsTheRules() throws IOException {
    String text =
        Files.readString(OPS.resolve("container/Containerfile")).replaceAll("\\\\\\R\\s*", " ");
    List<String> lines =
        text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    assertThat(lines.getFirst()).matches("FROM docker\\.io/library/[a-z]+:\\d+-slim");
    assertThat(lines).filteredOn(line -> line.startsWith("FROM ")).hasSize(1);
    assertThat(lines).contains("ARG VERSION=" + VERSION, "USER 65532:65532", "STOPSIGNAL SIGTERM");
    for (String instruction : List.of("ENTRYPOINT ", "CMD ")) {
      assertThat(lines)
          .filteredOn(line -> line.startsWith(instruction))
          .singleElement()
          .asString()
          .matches(instruction + "\\[\"[^\\]]*\"\\]");
    }
    assertThat(lines)
        .filteredOn(line -> line.startsWith("HEALTHCHECK "))
        .singleElement()
        .asString()
        .contains("CMD [\"/opt/graft/bin/graft\", \"health\"]");
    // Only an archive is added, nothing is fetched or installed, and no secret stays in a layer.
    assertThat(lines)
        .filteredOn(line -> line.startsWith("ADD ") || line.startsWith("COPY "))
        .containsExactly("ADD graft-${VERSION}-linux-x64.tar.gz /opt/");
    assertThat(text).doesNotContain("apt-get", "curl", "wget", "sudo", "latest", "http:");
    assertThat(text).doesNotContainPattern("(TOKEN|KEY|SECRET|PASSWORD|DATABASE_URL)[A-Z_]*=");
    // After USER nothing is run that would want to be root.
    assertThat(lines.subList(lines.indexOf("USER 65532:65532"), lines.size()))
        .noneMatch(line -> line.startsWith("RUN "));
  }

  @Test
  void theUnitNamesSettingsThatExistAndShutsOutWhatIsNotNeeded() throws IOException {
    String reference = Files.readString(GraftProcess.home().resolve("docs/configuration.md"));
    List<String> lines = Files.readAllLines(OPS.resolve("systemd/graft.service"));
    assertThat(lines)
        .contains(
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "DynamicUser=yes",
            "StateDirectory=graft",
            "CapabilityBoundingSet=",
            "ExecStart=/opt/graft/bin/graft serve --config /etc/graft/graft.env",
            "SuccessExitStatus=143");
    lines.stream()
        .filter(line -> line.startsWith("Environment=GRAFT_") && !line.contains("GRAFT_URL"))
        .map(line -> line.replaceFirst("Environment=(\\w+)=.*", "$1"))
        .forEach(name -> assertThat(reference).contains("`" + name + "`"));
    // Where doctor and restore, which do not see the unit, find them, too.
    assertThat(Files.readString(GraftProcess.home().resolve("docs/installing.md")))
        .contains(
            "GRAFT_DATA_DIR=/var/lib/graft GRAFT_TEMPLATES=/etc/graft/templates"
                + " >/etc/graft/graft.env");
    assertThat(lines).noneMatch(line -> line.matches("Environment=GRAFT_(DATA_DIR|TEMPLATES)=.*"));
  }
}
