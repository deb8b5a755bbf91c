import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

/// What frees a rollout that is stuck (kubernetes#67250), and what it must not touch.
@Suite struct StuckRolloutTests {
    private static func set(_ image: String) -> (inout Value) -> Void {
        { $0["spec", "template", "spec", "containers"] = [["name": "c", "image": .string(image)]] }
    }

    /// Three pods at v1, and an update to v2 whose first pod never becomes ready.
    private func stuck(_ spec: [String: Value] = [:]) -> SetModel {
        var model = SetModel(replicas: 3, spec: spec)
        model.run()
        model.edit(Self.set("v2"))
        model.settle()
        model.remove("web-2")
        model.settle()
        model.setPhase("web-2", "Running")
        model.settle()
        return model
    }

    @Test(arguments: [[:], ["podManagementPolicy": "Parallel"]] as [[String: Value]])
    func goingBackReplacesThePodThatNeverWasReady(_ spec: [String: Value]) {
        var model = stuck(spec)
        #expect(model.image("web-2") == "v2")
        model.edit(Self.set("v1"))
        model.settle()
        #expect(model.pods["web-2"]?.isBeingDeleted == true)
        #expect(model.names.filter { model.pods[$0]?.isBeingDeleted == true } == ["web-2"])
        model.run()
        #expect(model.names.map { model.image($0) } == ["v1", "v1", "v1"])
        #expect(model.log.filter { $0 == "delete web-0" || $0 == "delete web-1" }.isEmpty)
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    /// They were ready once, which nothing brings back: none of them waits for the other.
    @Test func evictedPodsThatAreTooManyGo() {
        var model = SetModel(replicas: 4)
        model.run()
        for name in ["web-2", "web-3"] {
            model.makeReady(name, false)
            model.setPhase(name, "Failed")
        }
        model.edit { $0["spec", "replicas"] = 2 }
        model.run()
        #expect(model.names == ["web-0", "web-1"])
    }

    @Test func aFixGoesOnFromThere() {
        var model = stuck()
        model.edit(Self.set("v3"))
        model.run()
        #expect(model.names.map { model.image($0) } == ["v3", "v3", "v3"])
        #expect(
            model.log.filter { $0.hasPrefix("delete web-") }.suffix(3) == [
                "delete web-2", "delete web-1", "delete web-0",
            ])
        #expect(model.status.currentRevision == model.status.updateRevision)
    }

    @Test func aSetThatWasBrokenFromTheStartIsFreed() {
        var model = SetModel(replicas: 2, image: "broken")
        model.settle()
        model.edit(Self.set("v2"))
        model.run()
        #expect(model.names.map { model.image($0) } == ["v2", "v2"])
    }

    @Test func aParallelSetThatWasBrokenFromTheStartIsFreedOneByOne() {
        var model = SetModel(replicas: 3, spec: ["podManagementPolicy": "Parallel"], image: "broken")
        model.settle()
        model.edit(Self.set("v2"))
        model.settle()
        #expect(model.names.filter { model.pods[$0]?.isBeingDeleted == true } == ["web-2"])
        model.remove("web-2")
        model.settle()
        // The new one is not ready yet: the others wait.
        #expect(model.names.filter { model.pods[$0]?.isBeingDeleted == true } == [])
        model.makeReady("web-2")
        model.settle()
        #expect(model.names.filter { model.pods[$0]?.isBeingDeleted == true } == ["web-1"])
    }

    @Test(arguments: [[:], ["podManagementPolicy": "Parallel"]] as [[String: Value]])
    func aPodOfThePresentTemplateIsLeftAlone(_ spec: [String: Value]) {
        var model = stuck(spec)
        let before = model.log
        model.settle()
        #expect(model.log == before)
        #expect(model.pods["web-2"]?.isBeingDeleted == false)
    }

    @Test func aPodThatWasReadyOnceIsNotTouched() {
        var model = stuck()
        model.makeReady("web-2")
        model.settle()
        // The next one is under way; the updated one fails again.
        model.remove("web-1")
        model.makeReady("web-2", false)
        model.settle()
        model.makeReady("web-1")
        model.edit(Self.set("v1"))
        model.settle()
        #expect(model.pods["web-2"]?.isBeingDeleted == false)
        #expect(model.pods["web-2"]?["metadata", "annotations", "ordinal.dev/first-ready-time"] != nil)
    }

    @Test func aPodWithFullAnnotationsIsLeftAlone() {
        var model = SetModel(replicas: 2)
        model.edit {
            $0["spec", "template", "metadata", "annotations"] = ["a": .string(String(repeating: "x", count: 262_143))]
        }
        model.run()
        #expect(model.names == ["web-0", "web-1"])
        #expect(model.names.allSatisfy { model.pods[$0]?["metadata", "annotations"]?.fields?.count == 1 })
    }

    @Test func nothingIsReplacedBelowThePartitionThatIsRightThere() {
        var model = SetModel(
            replicas: 2, spec: ["updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 2]]])
        model.settle()
        model.edit(Self.set("v2"))
        model.settle()
        #expect(model.names == ["web-0"])
        #expect(model.pods["web-0"]?.isBeingDeleted == false)
    }

    @Test func aRaisedPartitionTakesBackWhatNeverWasReady() {
        var model = stuck()
        model.edit { $0["spec", "updateStrategy", "rollingUpdate", "partition"] = 3 }
        model.run()
        #expect(model.names.map { model.image($0) } == ["v1", "v1", "v1"])
    }

    @Test func onDeleteReplacesNothing() {
        var model = SetModel(replicas: 2, spec: ["updateStrategy": ["type": "OnDelete"]], image: "broken")
        model.settle()
        model.edit(Self.set("v2"))
        model.settle()
        #expect(model.pods["web-0"]?.isBeingDeleted == false)
    }

    @Test func podsTooManyThatNeverWereReadyHoldUpNothing() {
        var model = SetModel(replicas: 4, spec: ["podManagementPolicy": "Parallel"])
        model.settle()
        for name in ["web-0", "web-1"] { model.makeReady(name) }
        model.settle()
        model.edit {
            $0["spec", "podManagementPolicy"] = "OrderedReady"
            $0["spec", "replicas"] = 1
        }
        model.run()
        #expect(model.names == ["web-0"])
        #expect(model.log.filter { $0.hasPrefix("delete web-") } == ["delete web-3", "delete web-2", "delete web-1"])
    }

    /// It may become ready in between: then the deletion meets another version and is judged anew.
    @Test func onlyThePodAsItWasJudgedIsReplaced() throws {
        var model = stuck()
        model.edit(Self.set("v1"))
        #expect(model.deletions.map(\.key.name) == ["web-2"])
        #expect(model.deletions.first?.revision != nil)
    }
}
