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
