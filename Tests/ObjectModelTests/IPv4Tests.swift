import ObjectModel
import Testing

@Suite struct IPv4Tests {
    @Test func rangesHoldTheirAddresses() throws {
        let range = try #require(IPv4Range("10.244.0.0/16"))
        #expect(range.count == 65_536)
        #expect(range.address(at: 10)?.description == "10.244.0.10")
        #expect(range.address(at: 65_536) == nil)
        #expect(range.contains(try #require(IPv4Address("10.244.255.255"))))
        #expect(!range.contains(try #require(IPv4Address("10.245.0.0"))))
        #expect(range.subrange(3, prefixLength: 24)?.description == "10.244.3.0/24")
        #expect(range.subrange(256, prefixLength: 24) == nil)
        #expect(range.overlaps(try #require(IPv4Range("10.0.0.0/8"))))
        #expect(!range.overlaps(try #require(IPv4Range("10.96.0.0/16"))))
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "a.b.c.d", "1.2.3.+4"])
    func nonsenseIsNoAddress(_ text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test(arguments: ["10.0.0.0", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0.0/08", "/8"])
    func nonsenseIsNoRange(_ text: String) {
        #expect(IPv4Range(text) == nil)
    }
}
