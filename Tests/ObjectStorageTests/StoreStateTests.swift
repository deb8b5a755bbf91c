import ObjectModel
import TestSupport
import Testing

@testable import ObjectStorage

@Suite struct StoreStateTests {
    private typealias Make = StoreConformance

    @Test func historyShrinksWithCompaction() throws {
        var state = StoreState()
        var revision = try state.commit(Make.create("a", "0")).revision
        for number in 1..<100 { revision = try state.commit(Make.update("a", "\(number)", from: revision)).revision }
        let before = state.historyBytes
        let bound = try #require(state.compactionBound(keeping: before / 2))
        #expect(state.versionsForgotten(through: bound).count == Int(bound.value) - 1)
        state.compact(through: bound)
        #expect(state.historyBytes <= before / 2)
        state.compact(through: revision)
        #expect(state.historyBytes == 0)
    }

    @Test func shortEncodingsAreKeptOfTheNewestEventsOnly() throws {
        var state = StoreState()
        let event = try state.commit(Make.create("a", "0"))
        let short = [UInt8](repeating: 1, count: EventMemo.maximumBytes / 2)
        let long = [UInt8](repeating: 2, count: EventMemo.maximumBytes + 1)
        var made = 0
        func encoded(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
            event.memo.encoding(name) {
                made += 1
                return bytes
            }
        }
        for _ in 0..<2 { #expect(encoded("row", short) == short) }
        #expect(made == 1)
        for _ in 0..<2 { #expect(encoded("whole", long) == long) }
        #expect(made == 3)
        #expect(event.memo.bytes == short.count)
        var revision = event.revision
        for number in 0..<EventMemo.newest {
            revision = try state.commit(Make.update("a", "\(number)", from: revision)).revision
        }
        #expect(event.memo.bytes == 0)
        #expect(encoded("row", short) == short)
        #expect(event.memo.bytes == 0)
    }

    @Test func everyPastStateIsWhatItWas() throws {
        var state = StoreState()
        var generator = Generator(seed: 7)
        var copies: [ObjectPage] = [try state.objects(in: .everything, at: .latest)]
        for step in 0..<600 {
            let name = "n\(generator.next() % 40)"
            let current = state.object(at: Make.key(name))
            let write =
                switch current {
                case nil: Make.create(name, "\(step)")
                case .some(let object) where generator.next() % 3 == 0:
                    Make.delete(name, final: "", from: object.revision)
                case .some(let object): Make.update(name, "\(step)", from: object.revision)
                }
            _ = try state.commit(write)
            copies.append(try state.objects(in: .everything, at: .latest))
        }
        for copy in copies {
            let read = try state.objects(in: .everything, at: .exactly(copy.revision))
            #expect(read.objects == copy.objects)
            let after = copy.objects.count > 5 ? copy.objects[4].key : nil
            let part = try state.objects(in: .everything, at: .exactly(copy.revision), after: after, limit: 6)
            let expected = copy.objects.drop { object in after.map { object.key <= $0 } ?? false }
            #expect(part.objects == Array(expected.prefix(6)))
            #expect(part.remaining == expected.count - part.objects.count)
        }
    }

    @Test func anIndexFindsWhatAWholeLookFinds() throws {
        var state = StoreState()
        var generator = Generator(seed: 11)
        for number in 0..<400 { _ = try state.commit(Make.create("n\(number)", "\(number % 9)")) }
        let wanted = FieldCondition(path: ["text"], value: "4")
        let all = KeyRange(Make.resource)
        guard case .unprepared(let making) = state.find(wanted, in: all) else {
            Issue.record("an index was there before it was asked for")
            return
        }
        let index = making.index()
        // What happens while it is made is taken over.
        for number in 0..<40 { _ = try state.commit(Make.create("late\(number)", "\(number % 9)")) }
        state.adopt(index, making)
        for step in 0..<600 {
            let name = "n\(generator.next() % 500)"
            let text = "\(generator.next() % 9)"
            let write =
                switch state.object(at: Make.key(name)) {
                case nil: Make.create(name, text)
                case .some(let object) where step.isMultiple(of: 4):
                    Make.delete(name, final: text, from: object.revision)
                case .some(let object): Make.update(name, text, from: object.revision)
                }
            _ = try state.commit(write)
            guard case .indexed(let read) = state.find(wanted, in: all) else {
                Issue.record("the index is not used")
                return
            }
            let found = read.page().objects
            let expected = try state.objects(in: all, at: .latest).objects.filter {
                $0.object.text(at: ["text"]) == "4"
            }
            #expect(found == expected)
        }
    }

    @Test func anIndexIsForWhatIsManyAndRare() throws {
        var state = StoreState()
        for number in 0..<300 { _ = try state.commit(Make.create("n\(number)", "same")) }
        let one = FieldCondition(path: ["text"], value: "same")
        let all = KeyRange(Make.resource)
        guard case .whole(let few) = state.find(one, in: KeyRange(Make.key("n1"))) else {
            Issue.record("one object is looked for by an index")
            return
        }
        #expect(few.page().objects.map(\.key) == [Make.key("n1")])
        guard case .unprepared(let making) = state.find(one, in: all) else {
            Issue.record("many objects are looked at one by one")
            return
        }
        state.adopt(making.index(), making)
        // Every object has the text.
        if case .whole = state.find(one, in: all) {} else { Issue.record("an index that tells nothing is used") }
    }

    @Test func anIndexOfAForgottenStateIsNotTaken() throws {
        var state = StoreState()
        for number in 0..<300 { _ = try state.commit(Make.create("n\(number)", "\(number)")) }
        let wanted = FieldCondition(path: ["text"], value: "4")
        guard case .unprepared(let making) = state.find(wanted, in: KeyRange(Make.resource)) else {
            Issue.record("an index was there before it was asked for")
            return
        }
        _ = try state.commit(Make.create("late", "4"))
        state.compact(through: state.revision)
        state.adopt(making.index(), making)
        #expect(state.indices.count == 0)
    }

    @Test func theIndexThatIsAskedLeastMakesRoom() throws {
        var indices = FieldIndices()
        let object = StoredObject(
            key: Make.key("a"), object: EncodedObject(["metadata": ["name": "a"], "text": "x"]), revision: Revision(1))
        let range = KeyRange(Make.resource)
        func field(_ number: Int) throws -> IndexedField {
            try #require(IndexedField(FieldCondition(path: ["f\(number)"], value: ""), in: range))
        }
        for number in 0..<FieldIndices.maximumCount {
            indices.add(FieldIndex([object], path: ["text"]), of: try field(number))
        }
        #expect(indices.keys(of: try field(0), "x") == [object.key])
        indices.add(FieldIndex([object], path: ["text"]), of: try field(1000))
        #expect(indices.count == FieldIndices.maximumCount)
        #expect(indices.keys(of: try field(1), "x") == nil)
        #expect(indices.keys(of: try field(0), "x") == [object.key])
        #expect(indices.keys(of: try field(0), "y") == [])
    }

    @Test func policyForgetsAfterTheRetentionAndNotBefore() throws {
        var policy = CompactionPolicy(retention: .seconds(300))
        var state = StoreState()
        let start = ContinuousClock.now
        for second in stride(from: 0, to: 600, by: 10) {
            let now = start + .seconds(second)
            let revision = try state.commit(Make.create("n\(second)")).revision
            policy.record(revision, at: now)
            if let due = policy.due(in: state, at: now) { state.compact(through: due) }
            if second < 300 { #expect(state.compacted == .zero) }
        }
        let kept = state.revision.value - state.compacted.value
        #expect((29...34).contains(kept))
    }

    @Test func aBatchSeesItsEarlierWritesAndAConflictChangesNothing() throws {
        var batch = CommitBatch(after: Revision(4))
        #expect(try batch.add(Make.create("a", "one"), stored: nil) == Revision(5))
        #expect(throws: StoreError.self) { try batch.add(Make.create("a", "two"), stored: nil) }
        #expect(try batch.add(Make.delete("a", final: "", from: Revision(5)), stored: nil) == Revision(6))
        #expect(try batch.add(Make.create("a", "three"), stored: nil) == Revision(7))
        #expect(batch.events.map(\.kind) == [.created, .deleted, .created])
    }
}

/// A small generator (SplitMix64), so that a run repeats.
private struct Generator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
