import NIOCore
import Testing

@testable import CRIRuntime

@Suite struct PingFilterTests {
    private static func frame(type: UInt8, flags: UInt8 = 0, _ payload: [UInt8]) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xff), type, flags, 0, 0, 0, 1] + payload
    }
    private static let ping = frame(type: 6, [1, 2, 3, 4, 5, 6, 7, 8])
    private static let pingAnswer = frame(type: 6, flags: 1, [8, 7, 6, 5, 4, 3, 2, 1])
    private static let data = frame(type: 0, Array(repeating: 6, count: 300))
    private static let settings = frame(type: 4, [])

    @Test(arguments: [1, 2, 3, 7, 8, 9, 10, 17, 18, 100, 10_000])
    func pingsAreTakenOutHoweverTheBytesAreCut(size: Int) {
        let all = Self.settings + Self.ping + Self.data + Self.ping + Self.pingAnswer + Self.settings
        var filter = PingFilter()
        var passed: [UInt8] = []
        var pings: [[UInt8]] = []
        for start in stride(from: 0, to: all.count, by: size) {
            let result = filter.filter(ByteBuffer(bytes: all[start..<min(start + size, all.count)]))
            passed += Array(result.passed.readableBytesView)
            pings += result.pings
        }
        #expect(passed == Self.settings + Self.data + Self.pingAnswer + Self.settings)
        #expect(pings == [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]])
    }

    @Test func theAnswerIsThePingWithItsFlag() {
        let answer = PingFilter.acknowledgement(of: [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(answer == [0, 0, 8, 6, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    }
}
