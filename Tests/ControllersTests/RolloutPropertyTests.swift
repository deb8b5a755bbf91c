import ControllerRuntime
import Controllers
import Foundation
import Kinds
import ObjectModel
import Testing

/// Random histories with caches that lag behind: the limits of a rollout hold after every step, and it ends.
@Suite struct RolloutPropertyTests {
    /// SplitMix64: the same numbers for the same seed.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let strategies: [Value] = [
        ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1, "maxUnavailable": 0]],
        ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 0, "maxUnavailable": 1]],
        ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": "25%", "maxUnavailable": "25%"]],
        ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 3, "maxUnavailable": 2]],
        ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": "100%", "maxUnavailable": "10%"]],
        ["type": "Recreate"],
    ]

    /// How many histories: 100, or as many as ORDINAL_SEEDS says.
    private static let seeds = Int(ProcessInfo.processInfo.environment["ORDINAL_SEEDS"] ?? "") ?? 100

    @Test(arguments: 0..<seeds)
    func limitsHoldAfterEveryStepAndTheRolloutEnds(seed: Int) throws {
        var dice = Dice(state: UInt64(seed) &* 7919)
        let strategy = Self.strategies[seed % Self.strategies.count]
        var model = RolloutModel(replicas: Int.random(in: 1...7, using: &dice), spec: ["strategy": strategy])
        if seed % 3 != 0 { model.run() }
        for _ in 0..<150 {
            step(&model, &dice)
            model.check()
        }
        model.edit { $0["spec", "paused"] = false }
        model.run()
        #expect(model.violations.isEmpty, "seed \(seed): \(model.violations.prefix(3))")
        let status = model.status
        #expect(model.pods.count == model.view.replicas, "seed \(seed)")
        #expect(Set(model.pods.map(model.image)).count <= 1)
        #expect(status.updatedReplicas == model.view.replicas && status.availableReplicas == model.view.replicas)
        #expect(model.newest?.replicas == model.view.replicas)
        #expect(model.progress?.reason == "NewReplicaSetAvailable", "seed \(seed): \(model.progress?.reason ?? "")")
        #expect(model.deploymentPlan().isEmpty, "seed \(seed): writes at rest")
    }

    private func step(_ model: inout RolloutModel, _ dice: inout Dice) {
        switch Int.random(in: 0..<100, using: &dice) {
        case 0..<45: model.deliver([.deployments, .replicaSets, .pods].randomElement(using: &dice) ?? .pods)
        case 45..<62: model.reconcileDeployment()
        case 62..<80:
            if let set = model.sets.randomElement(using: &dice) { model.reconcileSet(set.metadata.name) }
        case 80..<95:
            model.now = model.now + .seconds(1)
            if let pod = model.pods.filter(model.isWaiting).randomElement(using: &dice) {
                model.advance(pod.metadata.name)
            }
        case 95..<97: model.setImage("v\(Int.random(in: 1...4, using: &dice))")
        case 97: model.scale(Int.random(in: 0...8, using: &dice))
        default:
            let isPaused = Bool.random(using: &dice)
            model.edit { $0["spec", "paused"] = .bool(isPaused) }
        }
    }
}
