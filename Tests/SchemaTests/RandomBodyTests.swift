import ObjectModel
import Schema
import Testing

/// Bodies of any shape, made from the schemas' own field names by a seed: nothing may crash, and what was decoded
/// once stays as it is.
@Suite struct RandomBodyTests {
    private struct Seeded {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
    }

    private static let names = [
        "metadata", "spec", "status", "template", "containers", "name", "ports", "containerPort", "labels",
        "finalizers", "ownerReferences", "uid", "data", "limits", "resources", "replicas", "selector", "volumes",
        "subsets", "endpoints", "conditions", "type", "$patch", "$retainKeys", "$setElementOrder/containers",
        "$deleteFromPrimitiveList/finalizers", "x", "creationTimestamp", "$setElementOrder/finalizers",
    ]
    private static let texts = ["", "a", "replace", "delete", "merge", "1Gi", "2024-01-02T03:04:05Z", "TCP", "name"]

    private static func body(_ random: inout Seeded, depth: Int) -> Value {
        switch random.below(depth > 6 ? 6 : 12) {
        case 0: return .null
        case 1: return .bool(random.below(2) == 0)
        case 2: return .integer(Int64(random.below(5)) - 2)
        case 3: return .number(1.5)
        case 4, 5: return .string(texts[random.below(texts.count)])
        case 6, 7:
            let count = random.below(4)
            return .array((0..<count).map { _ in body(&random, depth: depth + 1) })
        default:
            let count = random.below(6)
            return .object(
                Fields((0..<count).map { _ in (names[random.below(names.count)], body(&random, depth: depth + 1)) }))
        }
    }

    @Test(arguments: 0..<40)
    func anyBodyIsDecodedOrRefused(seed: Int) throws {
        let catalog = try #require(Fixture.catalog)
        var random = Seeded(state: UInt64(seed))
        for row in catalog.rows {
            let schema = try #require(catalog.schema(row.gvk))
            var value = Self.body(&random, depth: 0)
            schema.applyDefaults(to: &value)
            schema.fillRequired(&value)
            _ = schema.validate(value)
            guard (try? schema.decode(&value, as: row.gvk)) != nil else { continue }
            var again = value
            #expect(try schema.decode(&again, as: row.gvk).unknownFields.isEmpty)
            #expect(again == value, "seed \(seed)")
        }
    }

    /// The short way over what a patch left alone comes to the same as the long one.
    @Test(arguments: 0..<40)
    func whatIsSharedWithAGoodObjectNeedsNoSecondLook(seed: Int) throws {
        let catalog = try #require(Fixture.catalog)
        var random = Seeded(state: UInt64(seed) &* 104_729)
        for row in catalog.rows {
            let schema = try #require(catalog.schema(row.gvk))
            var good = Self.body(&random, depth: 0)
            guard (try? schema.decode(&good, as: row.gvk)) != nil else { continue }
            // Twice: a missing template gets its empty fields, and those their defaults. No such object is ever stored.
            for _ in 0..<2 {
                schema.applyDefaults(to: &good)
                schema.fillRequired(&good)
            }
            for _ in 0..<8 {
                let patched = Self.changed(good, schema, &random)
                var (long, short) = (patched, patched)
                let reports = (
                    try? schema.decode(&long, as: row.gvk), try? schema.decode(&short, as: row.gvk, knownGood: good)
                )
                #expect(reports.0 == reports.1, "seed \(seed)")
                guard reports.0 != nil else { continue }
                schema.applyDefaults(to: &long)
                schema.applyDefaults(to: &short, knownGood: good)
                schema.fillRequired(&long)
                schema.fillRequired(&short, knownGood: good)
                #expect(long == short, "seed \(seed)")
                guard schema.validate(good).isEmpty else { continue }
                #expect(schema.validate(long) == schema.validate(short, knownGood: good), "seed \(seed)")
            }
        }
    }

    /// What a patch of some sort makes of an object; lists may come in another order, and parts at other places.
    private static func changed(_ object: Value, _ schema: ObjectSchema, _ random: inout Seeded) -> Value {
        let patch = body(&random, depth: 1)
        switch random.below(4) {
        case 0: return (try? StrategicMergePatch.apply(patch, to: object, schema: schema)) ?? object
        case 1: return MergePatch.apply(patch, to: reversed(object))
        case 2:
            var moved = object
            for name in names {
                guard let fields = object.fields, let other = fields.isEmpty ? nil : fields[random.below(fields.count)]
                else {
                    return object
                }
                if random.below(4) == 0 { moved[name] = other.value }
            }
            return moved
        default: return MergePatch.apply(patch, to: object)
        }
    }

    /// With every list turned round; the items are the same in memory.
    private static func reversed(_ value: Value) -> Value {
        switch value {
        case .array(let items): return .array(items.reversed())
        case .object(var fields):
            fields.updateValues { _, child in reversed(child) }
            return .object(fields)
        default: return value
        }
    }

    /// Also a good object that comes from elsewhere keeps its storage, so that comparisons stop at once.
    @Test(arguments: 0..<40)
    func whatHasEverythingIsNotCopied(seed: Int) throws {
        let catalog = try #require(Fixture.catalog)
        var random = Seeded(state: UInt64(seed) &* 1_299_709)
        for row in catalog.rows {
            let schema = try #require(catalog.schema(row.gvk))
            var good = Self.body(&random, depth: 0)
            schema.applyDefaults(to: &good)
            schema.fillRequired(&good)
            var again = good
            schema.applyDefaults(to: &again)
            // A default may be one that another makes possible.
            guard again == good else { continue }
            schema.fillRequired(&again)
            #expect(again.isIdentical(to: good), "seed \(seed)")
        }
    }

    @Test(arguments: 0..<200)
    func anyPatchIsAppliedOrRefused(seed: Int) throws {
        let schema = try Fixture.schema(seed % 2 == 0 ? Fixture.pod : Fixture.set)
        var random = Seeded(state: UInt64(seed) &* 7919)
        let object = Self.body(&random, depth: 0)
        for _ in 0..<20 {
            let patch = Self.body(&random, depth: 0)
            _ = try? StrategicMergePatch.apply(patch, to: object, schema: schema)
            _ = try? JSONPatch(patch).apply(to: object)
            let merged = MergePatch.apply(patch, to: object)
            #expect(MergePatch.apply(patch, to: merged) == merged)
        }
    }
}
