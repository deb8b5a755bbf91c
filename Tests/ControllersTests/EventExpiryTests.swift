import ControllerRuntime
import Controllers
import ObjectModel
import Testing

@Suite struct EventExpiryTests {
    private let noon = Timestamp(seconds: 1_800_000_000)

    private func event(_ fields: Value, created: Timestamp) -> CachedObject<EventAge> {
        var event = fields
        event["metadata"] = [
            "name": "e", "namespace": "ns", "uid": "u", "resourceVersion": "7",
            "creationTimestamp": .string(created.text),
        ]
        return CachedObject(event)
    }

    private func isDeleted(_ event: CachedObject<EventAge>, at now: Timestamp) -> Bool {
        guard case .delete(let deletion)? = EventExpiryReconciler().reconcile(event, at: now).actions.first else {
            return false
        }
        return deletion.uid == "u" && deletion.key == NamespacedName(namespace: "ns", name: "e")
    }

    @Test func anEventGoesAnHourAfterItWasLastSeen() {
        let later = noon + .seconds(1800)
        let rows: [(fields: Value, seen: Timestamp)] = [
            ([:], noon),
            (["lastTimestamp": .string(later.text)], later),
            (["eventTime": .string(later.text)], later),
            (["series": ["lastObservedTime": .string(later.text)], "lastTimestamp": .string(noon.text)], later),
            (["lastTimestamp": "2020-01-01T00:00:00Z"], noon),
            (["lastTimestamp": "2099-01-01T00:00:00Z"], noon),
        ]
        for row in rows {
            let event = event(row.fields, created: noon)
            #expect(!isDeleted(event, at: row.seen + .seconds(3599)), "\(row.fields)")
            #expect(isDeleted(event, at: row.seen + .seconds(3600)), "\(row.fields)")
        }
    }

    @Test func eventsOfOneMinuteAreDueTogether() {
        let minute = Timestamp(seconds: 1_799_999_940)
        let now = minute + .seconds(59)
        let left = [1, 30, 59].map { second in
            EventExpiryReconciler.timeLeft(event([:], created: minute + .seconds(second)).view, at: now)
        }
        #expect(left == Array(repeating: .seconds(3601), count: 3))
    }

    @Test func anEventOfTheFutureIsLookedAtAgain() {
        let event = event([:], created: noon + .seconds(86_400))
        let plan = EventExpiryReconciler().reconcile(event, at: noon)
        #expect(plan.isEmpty)
        #expect(plan.recheckAfter == .seconds(3600))
    }
}
