import Controllers
import Kinds
import ObjectModel
import Testing

/// How many pods an update takes away at a time (KEP-961).
@Suite struct MaxUnavailableTests {
    private func updating(_ limit: Value?, replicas: Int = 5, isParallel: Bool = true) -> SetModel {
        var rolling: Value = ["partition": 0]
        if let limit { rolling["maxUnavailable"] = limit }
        var model = SetModel(
            replicas: replicas,
            spec: [
                "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": rolling],
                "podManagementPolicy": isParallel ? "Parallel" : "OrderedReady",
            ])
        model.run()
        model.edit { $0["spec", "template", "spec", "containers"] = [["name": "c", "image": "v2"]] }
        return model
    }

    private func ending(_ model: SetModel) -> [String] {
        model.names.filter { model.pods[$0]?.isBeingDeleted == true }
    }

    @Test(
        arguments: [
            (nil, ["web-4"]), (1, ["web-4"]), (2, ["web-3", "web-4"]), ("50%", ["web-3", "web-4"]),
            ("1%", ["web-4"]), (9, ["web-0", "web-1", "web-2", "web-3", "web-4"]),
        ] as [(Value?, [String])])
    func soManyGoAtOnceFromTheHighestDown(_ limit: Value?, gone: [String]) {
        for isParallel in [true, false] {
            var model = updating(limit, isParallel: isParallel)
            model.settle()
            #expect(ending(model) == gone, "parallel: \(isParallel)")
            #expect(model.status.currentReplicas == 5 - gone.count)
            model.run()
            #expect(model.names.allSatisfy { model.image($0) == "v2" })
        }
    }

    @Test func anyPodThatIsAwayCounts() {
        var model = updating(2)
        model.makeReady("web-0", false)
        model.settle()
        // One is away already, so one more may go; the one that is away costs nothing.
        #expect(ending(model) == ["web-0", "web-4"])
    }

    /// Whoever evicts it leaves its conditions as they were.
    @Test func aPodThatFailedWhileItWasReadyIsAway() {
        var model = updating(2)
        model.setPhase("web-0", "Failed")
        _ = model.reconcile()
        #expect(ending(model) == ["web-0", "web-4"])
    }

    @Test func aBrokenUpdateTakesNoMoreThanItMay() {
        var model = updating(2)
        model.settle()
        for name in ["web-3", "web-4"] { model.remove(name) }
        model.settle()
        #expect(ending(model) == [])
        model.makeReady("web-4")
        model.settle()
        #expect(ending(model) == ["web-2"])
    }

    @Test func withOneTheUpdateIsNotStuckBehindAnUnreadyPod() {
        var model = updating(1)
        model.makeReady("web-1", false)
        model.settle()
        #expect(ending(model) == ["web-1"])
        model.run()
        #expect(model.names.allSatisfy { model.image($0) == "v2" })
    }

    /// With a long `minReadySeconds` all count as away. One that serves is not taken while another does not.
    @Test func aReadyPodThatIsNotAvailableYetIsNoCheaper() {
        var model = updating(1, replicas: 3)
        model.makeReady("web-0", false)
        model.edit { $0["spec", "minReadySeconds"] = 3600 }
        model.settle()
        #expect(ending(model) == ["web-0"])
    }
}
