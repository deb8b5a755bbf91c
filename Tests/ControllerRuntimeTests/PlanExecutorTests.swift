import APIProtocol
import ControllerRuntime
import ObjectModel
import Synchronization
import Testing

@Suite struct PlanExecutorTests {
    private let key = NamespacedName(namespace: "ns", name: "a")
    private var create: Action { .create(Thing.resource, Thing.object("a", revision: 0)) }
    private var delete: Action { .delete(.init(Thing.resource, key, uid: "u")) }

    private func run(_ plan: Plan, _ replies: [ScriptedTransport.Reply]) async -> (PlanOutcome, [String], [EventNote]) {
        let transport = ScriptedTransport(replies)
        let notes = NoteBox()
        let outcome = await PlanExecutor(client: APIClient(transport), record: { notes.add($0) }).execute(plan)
        return (outcome, transport.requests, notes.all)
    }

    @Test func theFirstFailingStepEndsThePlan() async {
        let (outcome, requests, _) = await run(Plan([create, delete]), [.status(.internalError("no"))])
        #expect(outcome.failure != nil)
        #expect(requests.count == 1)
    }

    @Test func aWriteIsExpectedAtItsRevision() async {
        let (outcome, _, _) = await run(Plan([create]), [.object(Thing.object("a", revision: 42))])
        #expect(outcome.expectations == [Expectation(Thing.resource, .revision(Revision(42)))])
        #expect(outcome.failure == nil)
    }

    @Test func aLostReplyNeedsAFreshList() async {
        let (outcome, _, _) = await run(Plan([create]), [.failure(.lostReply("broken"))])
        #expect(outcome.expectations == [Expectation(Thing.resource, .freshList)])
        let (other, _, _) = await run(Plan([create]), [.failure(.unreachable("refused"))])
        #expect(other.expectations.isEmpty && other.failure != nil)
    }

    private static let group = Thing.resource.groupResource
    private static let contended = ScriptedTransport.Reply.status(.staleRevision(group, name: "a"))
    private static let missing = ScriptedTransport.Reply.status(.notFound(group, name: "a"))

    @Test(
        arguments: [
            [missing], [contended, missing], [contended, .object(Thing.object("a", uid: "other", revision: 5))],
        ] as [[ScriptedTransport.Reply]])
    func deletingWhatIsGoneOrAnotherIsDone(_ replies: [ScriptedTransport.Reply]) async {
        let (outcome, _, _) = await run(Plan([delete]), replies)
        #expect(outcome.failure == nil)
        #expect(outcome.expectations == [Expectation(Thing.resource, .deletion(key, uid: "u"))])
    }

    @Test(
        arguments: [
            [contended, .object(Thing.object("a", uid: "u", revision: 5))], [contended, .status(.unavailable("no"))],
        ] as [[ScriptedTransport.Reply]])
    func losingAllRacesIsNotADeletion(_ replies: [ScriptedTransport.Reply]) async {
        let (outcome, _, _) = await run(Plan([delete]), replies)
        #expect(outcome.failure != nil && outcome.isConflict)
        #expect(outcome.expectations.isEmpty)
    }

    @Test func anExistingObjectIsAFailureUnlessAccepted() async {
        let taken = ScriptedTransport.Reply.status(.alreadyExists(Thing.resource.groupResource, name: "a"))
        let (strict, _, _) = await run(Plan([create]), [taken])
        #expect(strict.failure != nil)
        let lenient = Action.create(Thing.resource, Thing.object("a", revision: 0), acceptsExisting: true)
        let (accepted, _, _) = await run(Plan([lenient]), [taken])
        #expect(accepted.failure == nil)
    }

    @Test func slowStartStopsAfterTheFirstFailingBatch() async {
        var plan = Plan()
        plan.append(together: (0..<20).map { _ in PlannedAction(create) })
        let ok = ScriptedTransport.Reply.object(Thing.object("a", revision: 1))
        let (outcome, requests, _) = await run(plan, [ok, ok, .status(.internalError("no"))])
        #expect(outcome.failure != nil)
        #expect(requests.count == 3)
    }

    @Test func outcomesAreToldWithTheError() async {
        let note = EventNote(
            ObjectReference(Thing.resource, key, uid: "u"), .warning, reason: "Failed", message: "no: ")
        var plan = Plan()
        plan.append(create, onFailure: note)
        let (_, _, notes) = await run(plan, [.status(.badRequest("quota"))])
        #expect(notes.map(\.message) == ["no: quota"])
    }

    @Test func theNameThatTheServerMakesIsTold() async {
        let note = EventNote(
            ObjectReference(Thing.resource, key, uid: "u"), .normal, reason: "Created", message: "Created: ")
        var plan = Plan()
        plan.append(.create(Thing.resource, ["metadata": ["generateName": "a-"]]), onSuccess: note)
        plan.append(create, onSuccess: note)
        let replies = ["a-x7", "a"].map { ScriptedTransport.Reply.object(Thing.object($0, revision: 1)) }
        let (_, _, notes) = await run(plan, replies)
        #expect(notes.map(\.message) == ["Created: a-x7", "Created: "])
    }

    @Test func aFailureIsWrittenOnceAndStaysTheOutcome() async {
        let key = key
        let failing = PlannedAction(create) { error in
            .patch(.init(Thing.resource, key, uid: "", ["status": ["message": .string(error)]], subresource: "status"))
        }
        var plan = Plan()
        plan.append(together: [failing, failing, failing], first: 3)
        plan.append(delete)
        let no = ScriptedTransport.Reply.status(.badRequest("quota"))
        let patched = ScriptedTransport.Reply.object(Thing.object("a", revision: 9))
        let (outcome, requests, _) = await run(plan, [no, no, no, patched])
        #expect(requests.count == 4)
        #expect(requests.last == "PATCH /apis/example.com/v1/namespaces/ns/things/a/status")
        #expect(outcome.failure == "quota")
        #expect(outcome.expectations == [Expectation(Thing.resource, .revision(Revision(9)))])
    }

    @Test func nothingIsWrittenAboutAConflict() async {
        let planned = PlannedAction(create) { _ in .patch(.init(Thing.resource, key, uid: "", [:])) }
        let conflict = APIStatus.conflict(Thing.resource.groupResource, name: "a", "it changed")
        let (outcome, requests, _) = await run(Plan(steps: [.one(planned)]), [.status(conflict)])
        #expect(outcome.isConflict && requests.count == 1)
    }

    @Test func aPatchWaitsForTheLifeOfAnother() async {
        let presence = Action.Presence(Thing.resource, NamespacedName(namespace: "ns", name: "owner"), uid: "o")
        let plan = Plan([.patch(.init(Thing.resource, key, uid: "u", ["a": "b"], whileLive: presence))])
        let alive = Thing.object("owner", uid: "o", revision: 1)
        var dying = alive
        dying["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
        let cases: [(ScriptedTransport.Reply, Int)] = [
            (.object(alive), 2), (.object(dying), 1), (.object(Thing.object("owner", uid: "other", revision: 1)), 1),
            (.status(.notFound(Thing.resource.groupResource, name: "owner")), 1),
        ]
        for (reply, count) in cases {
            let (outcome, requests, _) = await run(plan, [reply, .object(Thing.object("a", revision: 2))])
            #expect(requests.count == count)
            #expect(outcome.failure == nil)
        }
    }

    @Test func anInformerListsWatchesAndFollows() async {
        let list: Value = [
            "metadata": ["resourceVersion": "5"], "items": [Thing.object("a", uid: "1", revision: 3)],
        ]
        let transport = ScriptedTransport([
            .object(list),
            .lines([
                ["type": "ADDED", "object": Thing.object("b", uid: "2", revision: 6)],
                ["type": "DELETED", "object": Thing.object("a", uid: "1", revision: 7)],
                ["type": "BOOKMARK", "object": ["metadata": ["resourceVersion": "9"]]],
            ]),
            .status(.expired("too old resource version")),
            .object(["metadata": ["resourceVersion": "20"], "items": []]),
        ])
        let cache = ObjectCache<Thing>()
        let seen = NoteBox()
        cache.onChange { change in
            seen.add(
                EventNote(
                    ObjectReference(Thing.resource, change.latest.key, uid: ""), .normal,
                    reason: change.new == nil ? "gone" : "there", message: ""))
        }
        let stop = Signal()
        let clock = ControlClock(
            now: { Timestamp(seconds: 0) }, uptime: { .zero },
            sleep: { _ in
                stop.give()
                throw CancellationError()
            }, random: { 0 })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await Informer(cache, client: APIClient(transport), clock: clock).run() }
            await stop.wait()
            group.cancelAll()
        }
        #expect(
            transport.requests.prefix(5) == [
                "GET /apis/example.com/v1/things", "watch 5 GET /apis/example.com/v1/things",
                "watch 9 GET /apis/example.com/v1/things", "GET /apis/example.com/v1/things",
                "watch 20 GET /apis/example.com/v1/things",
            ])
        #expect(seen.all.map { "\($0.regarding.key.name) \($0.reason)" } == ["a there", "b there", "a gone", "b gone"])
        #expect(cache.revision == Revision(20))
    }
}

private final class NoteBox: Sendable {
    private let notes = Mutex<[EventNote]>([])
    var all: [EventNote] { notes.withLock { $0 } }
    func add(_ note: EventNote) { notes.withLock { $0.append(note) } }
}
