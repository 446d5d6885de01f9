using System.Buffers.Binary;
using System.Text;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>Every error in a safetensors file gives a message that names the file and, if there is one, the faulty tensor.</summary>
public sealed class SafetensorsErrorTests
{
    private const string Entry = "\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]";

    [Fact]
    public void A_valid_file_opens()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("model.safetensors"), SafetensorsBytes.Make(SafetensorsBytes.TwoTensors + "   ", 24));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Root);
        Assert.Equal(2, checkpoint.Tensors.Count);
        Assert.True(checkpoint.TryGet("b", out TensorView b));
        Assert.Equal([16, 17, 18, 19, 20, 21, 22, 23], b.Slice(0, 8).ToArray());
        Assert.Equal(("[4]", 8L, StoredType.BF16), (b.ShapeText, b.ByteLength, b.StoredType));
        Assert.Throws<ArgumentOutOfRangeException>(() => b.Slice(1, 8).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => b.Slice(-1, 1).Length);
    }

    [Fact]
    public void Empty_tensors_and_scalars_open()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("model.safetensors"), SafetensorsBytes.Make(
            """{"__metadata__":{"format":"pt"},"x":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"e":{"dtype":"F8_E4M3","shape":[0,9000000000000000000],"data_offsets":[0,0]}}""", 8));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Root);
        Assert.True(checkpoint.TryGet("x", out TensorView x) && checkpoint.TryGet("e", out _));
        ModelException e = Assert.Throws<ModelException>(() => x.ElementType);
        Assert.Contains("\"x\" is stored as I64; allowed for a weight: BF16, F16, F32", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\":{" + Entry + "}", 16, "not valid JSON", null)]
    [InlineData("[1]", 0, "not a JSON object", null)]
    [InlineData("{} {}", 0, "not valid JSON", null)]
    [InlineData("{\"a\":3}", 0, "is not described by a JSON object", "a")]
    [InlineData("{\"a\":{" + Entry + "},\"a\":{" + Entry + "}}", 16, "appears twice", "a")]
    [InlineData("{\"a\":{" + Entry + ",\"dtype\":\"F32\"}}", 16, "has \"dtype\" twice", "a")]
    [InlineData("{\"a\":{\"shape\":[2,2],\"data_offsets\":[0,16]}}", 16, "lacks \"dtype\"", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,16]}}", 16, "lacks \"shape\"", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2]}}", 16, "lacks \"data_offsets\"", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F31\",\"shape\":[2,2],\"data_offsets\":[0,16]}}", 16, "dtype F31; allowed: F32, F16, BF16", "a")]
    [InlineData("{\"a\":{\"dtype\":7,\"shape\":[2,2],\"data_offsets\":[0,16]}}", 16, "dtype Number; allowed", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,-2],\"data_offsets\":[0,16]}}", 16, "shape entry that is not a whole number", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,1.5],\"data_offsets\":[0,16]}}", 16, "shape entry that is not a whole number", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,16]}}", 16, "shape that is not a list", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,2,2],\"data_offsets\":[0,16]}}", 16, "more than 8", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0]}}", 16, "1 data_offsets; allowed: two", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[16,0]}}", 16, "the end not before the begin", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,16]}}", 16, "has 16 bytes, but shape [2, 3] of F32", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "needs another size", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,9223372036854775807,9223372036854775807],\"data_offsets\":[0,16]}}", 16, "needs another size", "a")]
    [InlineData("{\"a\":{" + Entry + "}}", 12, "ends at byte 16 of the data, but the file holds 12: it is truncated", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[9223372036854775791,9223372036854775807]}}", 16, "out of range", "a")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,92233720368547758070]}}", 16, "data_offsets entry that is not a whole number", "a")]
    [InlineData("{\"a\":{" + Entry + "},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[12,20]}}", 20, "inside the tensor before it", "b")]
    [InlineData("{\"a\":{" + Entry + "},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[20,28]}}", 28, "allowed: no gaps", "b")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "allowed: no gaps", "a")]
    [InlineData("{\"a\":{" + Entry + "}}", 20, "20 bytes of data follow", null)]
    [InlineData("{\"a\":{" + Entry + ",\"extra\":1}}", 16, "unknown field \"extra\"", "a")]
    public void Wrong_header(string header, int dataBytes, string expected, string? tensor) =>
        Refused(SafetensorsBytes.Make(header, dataBytes), expected, tensor);

    [Fact]
    public void Empty_file() => Refused([], "the file is empty");

    [Fact]
    public void File_of_less_than_a_length() => Refused([1, 0, 0], "truncated");

    [Fact]
    public void Header_longer_than_the_file()
    {
        byte[] bytes = SafetensorsBytes.Make(SafetensorsBytes.TwoTensors, 24);
        Refused(bytes[..40], "the file is truncated");
    }

    [Theory]
    [InlineData(100_000_001)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Header_of_excessive_length(long length)
    {
        byte[] bytes = SafetensorsBytes.Make(SafetensorsBytes.TwoTensors, 24);
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        Refused(bytes, "allowed: at most 100000000 bytes");
    }

    [Fact]
    public void Names_that_are_not_utf8()
    {
        byte[] header = Encoding.UTF8.GetBytes(SafetensorsBytes.TwoTensors);
        header[2] = 0xFF;
        Refused(SafetensorsBytes.Make(header, 24), "not valid JSON");
    }

    [Fact]
    public void A_folder_with_the_name_of_the_file()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("model.safetensors"));
        Assert.Contains("no weights found", Assert.Throws<ModelException>(() => Checkpoint.Open(folder.Root)).Message, StringComparison.Ordinal);
    }

    private static void Refused(byte[] bytes, string expected, string? tensor = null)
    {
        using var folder = new TempFolder();
        string path = folder.File("model.safetensors");
        File.WriteAllBytes(path, bytes);
        ModelException e = Assert.Throws<ModelException>(() => Checkpoint.Open(folder.Root));
        Assert.StartsWith(path + ": ", e.Message);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        if (tensor is not null)
        {
            Assert.Contains($"tensor \"{tensor}\"", e.Message, StringComparison.Ordinal);
        }
    }
}
