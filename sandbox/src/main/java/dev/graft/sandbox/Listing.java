package dev.graft.sandbox;

import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** A request for a list: which objects, how many, in which shape. */
final class Listing {
  private static final int USUAL_LIMIT = 100;
  private static final int HIGHEST_LIMIT = 1000;
  private static final Set<String> DATES =
      Set.of(
          "createdAtGt",
          "createdAtGe",
          "createdAtLt",
          "createdAtLe",
          "updatedAtGt",
          "updatedAtGe",
          "updatedAtLt",
          "updatedAtLe");

  private final Map<String, List<String>> parameters;
  private final List<String> faults = new ArrayList<>();

  /**
   * @param also the parameters that this list has besides the usual ones
   */
  Listing(Map<String, List<String>> parameters, Set<String> also) {
    this.parameters = parameters;
    for (String name : parameters.keySet()) {
      if (!name.equals("limit") && !DATES.contains(name) && !also.contains(name)) {
        faults.add("property " + name + " should not exist");
      }
    }
  }

  /** A bare array, newest first. */
  Reply array(Account account, Kind kind) {
    int limit = limit(account);
    Predicate<Stored> wanted = wanted(account);
    Collection<Stored> candidates = candidates(account, kind);
    refuseFaults();
    Stream<Stored> chosen = candidates.stream().filter(wanted).limit(limit);
    return new Reply(200, Reply.JSON, joined("[", chosen, "]", account));
  }

  /** The page of a list that has pages: results, and metadata about them. */
  Reply page(Account account, Kind kind) {
    int limit = limit(account);
    int page = number("page", 1, 1, Integer.MAX_VALUE);
    boolean ascending = "ASC".equals(first("sortOrder"));
    Predicate<Stored> wanted = wanted(account);
    refuseFaults();
    List<Stored> all = account.shelf(kind).newestFirst().stream().filter(wanted).toList();
    if (ascending) {
      all = all.reversed();
    }
    ObjectNode metadata = Json.object();
    metadata
        .put("itemsPerPage", limit)
        .put("totalItems", all.size())
        .put("currentPage", page)
        .put("hasNextPage", (long) page * limit < all.size())
        .put("sortOrder", ascending ? "ASC" : "DESC");
    Stream<Stored> results = all.stream().skip((page - 1L) * limit).limit(limit);
    String end = "],\"metadata\":" + metadata + "}";
    return new Reply(200, Reply.JSON, joined("{\"results\":[", results, end, account));
  }

  private static Body joined(String before, Stream<Stored> objects, String after, Account account) {
    Set<Quirk> quirks = account.quirks();
    return Body.joined(before, objects.map(each -> each.text(quirks)).toList(), after);
  }

  private int limit(Account account) {
    int asked = number("limit", USUAL_LIMIT, 0, HIGHEST_LIMIT);
    return (int) Math.min(asked, account.dial(Dial.PAGE_CAP));
  }

  /** Where possible the walk begins at the page that is asked for, not at the newest object. */
  private Collection<Stored> candidates(Account account, Kind kind) {
    Shelf shelf = account.shelf(kind);
    Instant latest = time("createdAtLe");
    return latest == null ? shelf.newestFirst() : shelf.newestFirst(latest);
  }

  private Predicate<Stored> wanted(Account account) {
    var tests = new ArrayList<Predicate<Stored>>();
    for (String name : DATES) {
      Instant bound = time(name);
      if (bound != null) {
        Function<Stored, Instant> field =
            name.startsWith("created") ? each -> each.createdAt : each -> each.updatedAt;
        tests.add(each -> holds(name.substring(9), field.apply(each).compareTo(bound)));
      }
    }
    long lag = account.dial(Dial.LIST_LAG_MS);
    if (lag > 0) {
      Instant visible = account.now().minusMillis(lag);
      tests.add(each -> !each.arrived.isAfter(visible));
    }
    chosenIds().ifPresent(tests::add);
    String name = first("name");
    if (name != null) {
      tests.add(each -> contains(each, "name", name));
    }
    String search = first("search");
    if (search != null) {
      tests.add(each -> contains(each, "name", search) || contains(each, "number", search));
    }
    return each -> tests.stream().allMatch(test -> test.test(each));
  }

  private Optional<Predicate<Stored>> chosenIds() {
    var ids = new HashSet<String>();
    for (String name : List.of("id", "idAny")) {
      for (String value : parameters.getOrDefault(name, List.of())) {
        ids.addAll(List.of(value.split(",", -1)));
      }
    }
    return ids.isEmpty() ? Optional.empty() : Optional.of(each -> ids.contains(each.id));
  }

  private static boolean contains(Stored stored, String property, String part) {
    return stored.body.path(property).asString("").contains(part);
  }

  private static boolean holds(String comparison, int order) {
    return switch (comparison) {
      case "Gt" -> order > 0;
      case "Ge" -> order >= 0;
      case "Lt" -> order < 0;
      default -> order <= 0;
    };
  }

  private @Nullable Instant time(String name) {
    String text = first(name);
    if (text == null) {
      return null;
    }
    try {
      return text.contains("T")
          ? OffsetDateTime.parse(text).toInstant()
          : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
    } catch (DateTimeParseException malformed) {
      faults.add(name + " must be a valid ISO 8601 date string");
      return null;
    }
  }

  private int number(String name, int usual, int least, int most) {
    String text = first(name);
    if (text == null) {
      return usual;
    }
    if (!text.matches("-?\\d{1,9}")) {
      faults.add(name + " must be a number conforming to the specified constraints");
      return usual;
    }
    int value = Integer.parseInt(text);
    if (value < least) {
      faults.add(name + " must not be less than " + least);
    } else if (value > most) {
      faults.add(name + " must not be greater than " + most);
    }
    return value;
  }

  private @Nullable String first(String name) {
    List<String> values = parameters.get(name);
    return values == null ? null : values.getFirst();
  }

  private void refuseFaults() {
    if (!faults.isEmpty()) {
      throw Reply.error(400, faults.stream().distinct().toList()).refusal();
    }
  }
}
