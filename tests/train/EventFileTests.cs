using System.Buffers.Binary;
using System.Text;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Train.Output;
using Xunit;

namespace HunyuanOrleans.Train.Tests;

/// <summary>Event files have the format that TensorBoard reads, and the loss curve is well-formed.</summary>
public sealed class EventFileTests
{
    [Fact]
    public void Records_have_lengths_checksums_and_scalars()
    {
        using TempFolder temp = new();
        using (EventFile events = new(temp.Root, TimeProvider.System))
        {
            events.Write(300, ("train/loss", 1.5), ("train/lr", 0.25));
        }

        byte[] file = File.ReadAllBytes(Assert.Single(Directory.GetFiles(temp.Root, "events.out.tfevents.*")));
        List<byte[]> records = [];
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(EventFile.MaskedCrc(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            byte[] data = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(EventFile.MaskedCrc(data), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            records.Add(data);
            at += 16 + length;
        }

        Assert.Equal(2, records.Count);
        Assert.Equal([0x1A, 13, .. Encoding.UTF8.GetBytes("brain.Event:2")], records[0][11..]);

        // Step 300 as a varint, then a summary with two entries: tag and float32.
        byte[] first = [0x0A, 10, .. Encoding.UTF8.GetBytes("train/loss"), 0x15, 0, 0, 0xC0, 0x3F];
        byte[] second = [0x0A, 8, .. Encoding.UTF8.GetBytes("train/lr"), 0x15, 0, 0, 0x80, 0x3E];
        byte[] summary = [0x0A, (byte)first.Length, .. first, 0x0A, (byte)second.Length, .. second];
        Assert.Equal([0x10, 0xAC, 0x02, 0x2A, (byte)summary.Length, .. summary], records[1][9..]);
    }

    // The check value of CRC-32C is that of the digits 1 to 9, 0xE3069283.
    [Fact]
    public void Checksums_are_masked_crc32c() =>
        Assert.Equal(unchecked(((0xE3069283u >> 15) | (0xE3069283u << 17)) + 0xa282ead8u), EventFile.MaskedCrc("123456789"u8));

    [Fact]
    public void The_curve_is_well_formed()
    {
        string svg = LossCurve.Draw([.. Enumerable.Range(1, 40).Select(static step => (step, 5.0 / step))], [(20, 0.5), (40, 0.4)]);
        System.Xml.Linq.XDocument document = System.Xml.Linq.XDocument.Parse(svg);
        Assert.Equal(3, document.Descendants().Count(static e => e.Name.LocalName == "polyline"));
        Assert.Equal("svg", System.Xml.Linq.XDocument.Parse(LossCurve.Draw([(1, 2.0)], [])).Root!.Name.LocalName);
        Assert.DoesNotContain("NaN", svg, StringComparison.Ordinal);
    }
}
