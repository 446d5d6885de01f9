using HunyuanOrleans.Model.Loading.Packed;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

public sealed class ChecksumTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(256)]
    [InlineData(1000)]
    public void EveryBitAndTheLengthChangeTheChecksum(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        HashSet<ulong> seen = [Checksum.Of(bytes)];
        for (int bit = 0; bit < length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(seen.Add(Checksum.Of(bytes)), $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(seen.Add(Checksum.Of([.. bytes, 0])));
    }

    [Fact]
    public void SwappedWordsAndTwoFlippedHighBitsAreDetected()
    {
        byte[] bytes = new byte[4096];
        ulong zeros = Checksum.Of(bytes);

        // Two flips in the same lane, one round apart. They would cancel in a checksum that only adds or multiplies.
        bytes[7] ^= 0x80;
        bytes[7 + 256] ^= 0x80;
        Assert.NotEqual(zeros, Checksum.Of(bytes));
        byte[] first = [.. Enumerable.Range(0, 4096).Select(i => (byte)(i / 8))];
        byte[] swapped = [.. first];
        first.AsSpan(0, 8).CopyTo(swapped.AsSpan(256));
        first.AsSpan(256, 8).CopyTo(swapped);
        Assert.NotEqual(Checksum.Of(first), Checksum.Of(swapped));
    }

    // Packed copies outlive processes and may move to other machines, so the checksum must not change.
    [Fact]
    public void TheChecksumMatchesItsDefinition()
    {
        byte[] bytes = [.. Enumerable.Range(0, 1003).Select(i => (byte)(i * 7))];
        Assert.Equal(ByDefinition(bytes), Checksum.Of(bytes));
    }

    private static ulong ByDefinition(byte[] bytes)
    {
        ulong[] lanes = [.. Enumerable.Range(0, 32).Select(i => 0xC2B2AE3D27D4EB4F + (ulong)(i / 8))];
        int words = bytes.Length / 8 / 32 * 32;
        for (int i = 0; i < words; i++)
        {
            lanes[i % 32] = Mix(lanes[i % 32], BitConverter.ToUInt64(bytes, i * 8));
        }

        ulong hash = Mix(0xC2B2AE3D27D4EB4F, (ulong)bytes.Length);
        hash = lanes.Aggregate(hash, Mix);
        return bytes[(words * 8)..].Aggregate(hash, (h, b) => Mix(h, b));
    }

    private static ulong Mix(ulong hash, ulong word)
    {
        ulong product = (hash ^ word) * 0x9E3779B185EBCA87;
        return product ^ (product >> 32);
    }
}
