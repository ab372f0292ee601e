package dev.graft.core.template;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kind;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One immutable version of a template. A release that exists is a good one: it was parsed whole,
 * cleaned, and every reference in it names a resource of its own or an id that stays as it is.
 *
 * @param template the name of its template
 * @param declaresVersion whether a manifest declares the version; otherwise the names carry it, and
 *     objects are known by their names
 * @param version for people: the declared one, else that of the first assistant
 * @param resources what is referred to before what refers, as far as there is no circle
 */
public record Release(
    String template, boolean declaresVersion, Version version, List<Resource> resources) {
  public Release {
    resources = List.copyOf(resources);
  }

  public Optional<Resource> resource(Address address) {
    return resources.stream().filter(resource -> resource.address().equals(address)).findFirst();
  }

  public List<Resource> ofKind(Kind kind) {
    return resources.stream().filter(resource -> resource.kind().equals(kind)).toList();
  }

  /** Resources in the order in which a release has them: what is referred to before what refers. */
  public static List<Resource> inOrder(List<Resource> resources) {
    var byAddress = new LinkedHashMap<Address, Resource>();
    resources.forEach(resource -> byAddress.put(resource.address(), resource));
    var bodies = new LinkedHashMap<Address, ObjectNode>();
    byAddress.forEach((address, resource) -> bodies.put(address, resource.body()));
    return Order.of(bodies).stream()
        .flatMap(address -> Optional.ofNullable(byAddress.get(address)).stream())
        .toList();
  }

  /** What makes it this release and no other: its content, not its name. */
  public Digest digest() {
    return Digest.of(toJson());
  }

  /** The form in which a release is kept. */
  public ObjectNode toJson() {
    var json = Json.object();
    json.put("template", template);
    json.put("declaresVersion", declaresVersion);
    json.put("version", version.toString());
    var all = json.putArray("resources");
    for (Resource resource : resources) {
      var one = all.addObject();
      one.put("address", resource.address().toString());
      one.put("version", resource.version().toString());
      one.set("body", resource.body());
      if (!resource.owners().isEmpty()) {
        var owners = one.putObject("owners");
        new TreeMap<>(resource.owners())
            .forEach((place, owner) -> owners.put(place.toString(), owner.name()));
      }
    }
    return json;
  }

  /**
   * Reads the kept form back.
   *
   * @throws IllegalArgumentException when the text was not written by {@link #toJson}
   */
  public static Release fromJson(JsonNode json) {
    return new Release(
        json.required("template").stringValue(),
        json.required("declaresVersion").booleanValue(),
        version(json),
        json.required("resources").valueStream().map(Release::resourceFromJson).toList());
  }

  private static Resource resourceFromJson(JsonNode json) {
    return new Resource(
        Address.parse(json.required("address").stringValue()).orElseThrow(),
        version(json),
        (ObjectNode) json.required("body"),
        owners(json));
  }

  private static Map<Place, Owner> owners(JsonNode json) {
    var owners = new HashMap<Place, Owner>();
    for (var field : json.path("owners").properties()) {
      owners.put(Place.parse(field.getKey()), Owner.valueOf(field.getValue().stringValue()));
    }
    return owners;
  }

  private static Version version(JsonNode json) {
    return Version.parse(json.required("version").stringValue()).orElseThrow();
  }
}
