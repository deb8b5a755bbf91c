import APIProtocol
import ControllerRuntime
import ObjectModel
import Testing

@Suite struct ReflectorTests {
    private func list(_ revision: Int64) -> Reflector.Event {
        .listed(ObjectList(items: [], revision: Revision(revision)))
    }

    private func event(_ revision: Int64) -> Reflector.Event {
        .received(
            WatchEvent(kind: .modified, object: ["metadata": ["resourceVersion": .string(String(revision))]]))
    }

    private func text(_ actions: [Reflector.Action]) -> String {
        actions.map { action in
            switch action {
            case .list: "list"
            case .watch(let revision): "watch \(revision)"
            case .replace: "replace"
            case .apply: "apply"
            case .wait: "wait"
            }
        }.joined(separator: ", ")
    }

    @Test func itListsAndThenWatchesFromTheList() {
        var reflector = Reflector()
        let step1 = text(reflector.handle(.started, random: 0))
        #expect(step1 == "list")
        let step2 = text(reflector.handle(list(7), random: 0))
        #expect(step2 == "replace, watch 7")
        let step3 = text(reflector.handle(event(9), random: 0))
        #expect(step3 == "apply")
        #expect(reflector.state == .watching(after: Revision(9)))
        let step4 = text(reflector.handle(.watchEnded, random: 0))
        #expect(step4 == "watch 9")
    }

    @Test func aWatchThatEndsWithoutEventsWaits() {
        var reflector = watching()
        let step5 = text(reflector.handle(.watchEnded, random: 0))
        #expect(step5 == "wait")
        let step6 = text(reflector.handle(.waited, random: 0))
        #expect(step6 == "watch 7")
    }

    @Test func goneHistoryIsListedAtOnceButNotAgainAndAgain() {
        var reflector = watching()
        let gone = Reflector.Event.failed(.status(.expired("too old")))
        let step7 = text(reflector.handle(gone, random: 0))
        #expect(step7 == "list")
        let step8 = text(reflector.handle(list(20), random: 0))
        #expect(step8 == "replace, watch 20")
        let step9 = text(reflector.handle(gone, random: 0))
        #expect(step9 == "wait")
        let step10 = text(reflector.handle(.waited, random: 0))
        #expect(step10 == "list")
    }

    @Test func failuresInARowWaitEverLonger() {
        var reflector = watching()
        var delays: [Duration] = []
        for _ in 0..<12 {
            let failed = Reflector.Event.failed(.transport(.unreachable("down")))
            for case .wait(let delay) in reflector.handle(failed, random: 1) { delays.append(delay) }
            let step11 = text(reflector.handle(.waited, random: 0))
            #expect(step11 == "watch 7")
        }
        #expect(delays.first == .milliseconds(100))
        #expect(delays == delays.sorted())
        #expect(delays.last == .seconds(30))
    }

    @Test func aRequestedListInterruptsAWatch() {
        var reflector = watching()
        let step12 = text(reflector.handle(.relistRequested, random: 0))
        #expect(step12 == "list")
        let step13 = text(reflector.handle(.watchEnded, random: 0))
        #expect(step13 == "")
    }

    private func watching() -> Reflector {
        var reflector = Reflector()
        _ = reflector.handle(.started, random: 0)
        _ = reflector.handle(list(7), random: 0)
        return reflector
    }
}
