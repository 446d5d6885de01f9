using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading.Packed;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Loading;

/// <summary>Every kind of damage to a packed copy causes one warning, correct logits, and a valid new copy.</summary>
public sealed class DamagedPackedCopyTests
{
    public static TheoryData<string> Damages { get; } =
    [
        "empty", "one byte", "head cut", "body cut", "last byte cut", "last page cut", "longer", "zeros", "text",
        "flip 0", "flip 8", "flip 15", "flip 16", "flip 23", "flip 24", "flip 31", "flip 32", "flip 63", "flip 64", "flip 200", "flip key end",
        "flip head end", "flip body start", "flip body middle", "flip body end", "other mode", "other layout", "other instructions", "body bytes",
    ];

    [Theory]
    [MemberData(nameof(Damages))]
    public void IsIgnoredWithAWarningAndReplaced(string damage)
    {
        using var cache = new TempFolder();
        string folder = TestPaths.Model("tiny-cla");
        LoadedLogits expected = LoadedLogits.Of(folder, cache.Root);
        string file = Assert.Single(Directory.GetFiles(cache.Root));
        byte[] sound = File.ReadAllBytes(file);
        byte[] damaged = Damage(damage, sound, folder);
        Assert.False(damaged.AsSpan().SequenceEqual(sound));
        File.WriteAllBytes(file, damaged);

        LoadedLogits actual = LoadedLogits.Of(folder, cache.Root);
        Assert.False(actual.Mapped);
        Assert.Contains(file, Assert.Single(actual.Warnings), StringComparison.Ordinal);
        Assert.Contains("ignored", actual.Warnings[0], StringComparison.Ordinal);
        Assert.Null(LoadedLogits.Difference(expected, actual));
        Assert.True(sound.AsSpan().SequenceEqual(File.ReadAllBytes(file)), "the rewritten copy differs from the first one");

        LoadedLogits again = LoadedLogits.Of(folder, cache.Root);
        Assert.True(again.Mapped);
        Assert.Empty(again.Warnings);
        Assert.Null(LoadedLogits.Difference(expected, again));
    }

    private static byte[] Damage(string damage, byte[] sound, string folder)
    {
        PackedHeader header = PackedHeader.Read(count => sound[..count], sound.Length, out _)!;
        byte[] copy = [.. sound];
        switch (damage)
        {
            case "empty":
                return [];
            case "one byte":
                return sound[..1];
            case "head cut":
                return sound[..(header.HeaderBytes - 1)];
            case "body cut":
                return sound[..(int)(header.BodyOffset + 10)];
            case "last byte cut":
                return sound[..^1];
            case "last page cut":
                return sound[..^4096];
            case "longer":
                return [.. sound, 0];
            case "zeros":
                return new byte[sound.Length];
            case "text":
                copy.AsSpan().Fill((byte)'x');
                return copy;
            case "other mode":
                using (var other = new TempFolder())
                {
                    LoadedLogits.Of(folder, other.Root, ComputeMode.F32);
                    return File.ReadAllBytes(Directory.GetFiles(other.Root)[0]);
                }

            case "other layout":
                (header with { Key = header.Key.Replace($"layout {PackedKey.LayoutVersion}\n", "layout 0\n", StringComparison.Ordinal) }).ToBytes().CopyTo(copy, 0);
                return copy;
            case "other instructions":
                (header with { Key = header.Key.Replace("isa any\n", "isa avx\n", StringComparison.Ordinal) }).ToBytes().CopyTo(copy, 0);
                return copy;
            case "body bytes":
                PackedHeader shorter = header with { BodyBytes = header.BodyBytes - 4096 };
                shorter.ToBytes().CopyTo(copy, 0);
                return copy[..^4096];
            default:
                int at = damage["flip ".Length..] switch
                {
                    "key end" => 64 + header.Key.Length - 1,
                    "head end" => header.HeaderBytes - 1,
                    "body start" => (int)header.BodyOffset,
                    "body middle" => (int)(header.BodyOffset + (header.BodyBytes / 2) + 3),
                    "body end" => sound.Length - 1,
                    string number => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture),
                };
                copy[at] ^= 0x10;
                return copy;
        }
    }
}
