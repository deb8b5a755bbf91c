import ObjectModel
import Testing

@Suite struct RecentTreesTests {
    private func object(_ name: String, bytes: Int = 0) -> Value {
        [
            "apiVersion": "v1", "kind": "K",
            "metadata": ["resourceVersion": "1", "name": .string(name), "labels": ["a": "b"]],
            "data": .string(String(repeating: "x", count: bytes)), "list": [1, .number(2.5), true, .null],
        ]
    }

    @Test func aKeptTreeReadsAsTheBytesDo() throws {
        let trees = RecentTrees()
        let kept = EncodedObject(object("a"), keptIn: trees)
        let restored = EncodedObject(bytes: kept.bytes, spliceOffset: kept.spliceOffset)
        #expect(trees.count == 1)
        #expect(kept == restored && kept.hashValue == restored.hashValue)
        #expect(kept.value(at: Revision(7)) == restored.value(at: Revision(7)))
        #expect(kept.value(at: Revision(7))["metadata", "resourceVersion"] == "7")
    }

    @Test func theOldestGoFirstAndTheirObjectsStay() {
        let trees = RecentTrees()
        let objects = (0..<(3 * RecentTrees.capacity)).map { EncodedObject(object("a\($0)"), keptIn: trees) }
        #expect(trees.count == RecentTrees.capacity)
        for (number, encoded) in objects.enumerated() {
            #expect(encoded.value(at: .zero).name == "a\(number)")
        }
    }

    @Test func longObjectsLeaveNoRoomForMany() {
        let trees = RecentTrees()
        for _ in 0..<100 { _ = EncodedObject(object("a", bytes: RecentTrees.maximumBytes / 4), keptIn: trees) }
        #expect(trees.count == 3)
        let long = EncodedObject(object("long", bytes: RecentTrees.maximumBytes), keptIn: trees)
        #expect(trees.count == 3)
        #expect(long.value(at: .zero).name == "long")
    }
}
