import ControllerRuntime
import ObjectModel
import Testing

@Suite struct EventCorrelatorTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private func note(_ message: String, name: String = "web-0") -> EventNote {
        EventNote(
            ObjectReference(
                kind: GroupVersionKind(group: "", version: "v1", kind: "Thing"),
                key: NamespacedName(namespace: "ns", name: name), uid: "u"),
            .normal, reason: "Started", message: message)
    }

    @Test func equalNotesAreCounted() {
        var correlator = EventCorrelator(component: "c")
        guard case .create(let event) = correlator.write(note("hello"), at: now) else {
            Issue.record("the first is created")
            return
        }
        #expect(event.name.hasPrefix("web-0."))
        #expect(event["count"]?.int == 1)
        #expect(event["source", "component"]?.string == "c")
        let later = now + .seconds(60)
        guard case .patch(let key, let body, let again) = correlator.write(note("hello"), at: later) else {
            Issue.record("the second is a patch")
            return
        }
        #expect(key.name == event.name)
        #expect(body["count"]?.int == 2)
        #expect(again["firstTimestamp"]?.string == now.text)
        #expect(body["lastTimestamp"]?.string == later.text)
    }

    @Test func oneObjectCannotFloodTheAPI() {
        var correlator = EventCorrelator(component: "c")
        let written = (0..<100).compactMap { correlator.write(note("same \($0 % 5)"), at: now) }
        #expect(written.count == 25)
        let other = correlator.write(note("other", name: "web-1"), at: now)
        #expect(other != nil)
        let later = correlator.write(note("same 1"), at: now + .seconds(301))
        #expect(later != nil)
    }

    @Test func manySimilarNotesAreCombined() {
        var correlator = EventCorrelator(component: "c")
        var last: EventCorrelator.Write?
        for number in 0..<12 { last = correlator.write(note("message \(number)"), at: now) }
        guard case .create(let event) = last else {
            Issue.record("created")
            return
        }
        #expect(event["message"]?.string == "(combined from similar events): message 11")
    }

    @Test func mergePatchesRemoveFieldsWithNulls() {
        let old: Value = ["a": 1, "b": ["c": 2, "d": 3], "e": [1, 2]]
        let new: Value = ["a": 1, "b": ["c": 5], "e": [1]]
        #expect(MergePatch.difference(from: old, to: new) == ["b": ["c": 5, "d": .null], "e": [1]])
        #expect(MergePatch.difference(from: old, to: old) == nil)
    }
}
