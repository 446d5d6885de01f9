using System.IO.Compression;
using System.Runtime.InteropServices;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Checkpoints.PyTorch;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints.PyTorch;

/// <summary>PyTorch's files are read without running anything in them, and whatever is not a dictionary of tensors is refused with a reason.</summary>
public sealed class PyTorchFileTests
{
    [Fact]
    public void Tensors_have_name_type_shape_and_elements()
    {
        using Opened opened = Open(PyTorchBytes.Example());
        PyTorchTensor[] tensors = [.. opened.File.Tensors];
        Assert.Equal(["a.weight", "b"], tensors.Select(static tensor => tensor.Name));
        TensorView a = tensors[0].View(), b = tensors[1].View();
        Assert.Equal(("[2, 2]", StoredType.F32, 16L), (a.ShapeText, a.StoredType, a.ByteLength));
        Assert.Equal([1f, 2, 3, 4], MemoryMarshal.Cast<byte, float>(a.Slice(0, 16)).ToArray());
        Assert.Equal((1L, StoredType.BF16), (tensors[1].StorageOffset, b.StoredType));
        Assert.Equal([2, 0, 3, 0], b.Slice(0, 4).ToArray());
    }

    [Fact]
    public void Transposed_tensors_are_copied_in_order_and_not_viewed()
    {
        using Opened opened = Open(PyTorchBytes.OfTensors(("t", "FloatStorage", [3, 2], [1, 3], 0, PyTorchBytes.Floats(1, 2, 3, 4, 5, 6))));
        PyTorchTensor tensor = opened.File.Tensors[0];
        Assert.False(tensor.IsContiguous);
        byte[] copied = new byte[24];
        tensor.CopyTo(copied);
        Assert.Equal([1f, 4, 2, 5, 3, 6], MemoryMarshal.Cast<byte, float>(copied).ToArray());
        Assert.Contains("\"t\" of shape [3, 2] has strides [1, 3]; allowed: elements one after the other", Assert.Throws<ModelException>(tensor.View).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scalars_empty_tensors_and_shared_storages_are_read()
    {
        PyTorchBytes file = new();
        byte[] storage = PyTorchBytes.Floats(1, 2);
        file.Raw(0x80, 2, '}', '(').Text("x").Tensor("FloatStorage", "0", storage, 1, [], []).Text("y").Tensor("FloatStorage", "0", storage, 0, [2], [1])
            .Text("e").Tensor("HalfStorage", "1", [], 0, [0, 5], [5, 1]).Raw('u', '.');
        using Opened opened = Open(file);
        Assert.Equal([4L, 8, 0], opened.File.Tensors.Select(static tensor => tensor.View().ByteLength));
        Assert.Equal([0, 0, 0, 64], opened.File.Tensors[0].View().Slice(0, 4).ToArray());
    }

    [Fact]
    public void Parameters_and_files_without_a_folder_or_byte_order_are_read()
    {
        PyTorchBytes file = new() { Prefix = "", ByteOrder = null };
        file.Raw(0x80, 2, '}').Text("w").Global("torch._utils", "_rebuild_parameter").Raw('(').Tensor("FloatStorage", "0", PyTorchBytes.Floats(5), 0, [1], [1])
            .Raw(0x88).Global("collections", "OrderedDict").Raw(')', 'R', 't', 'R', 's', '.');
        using Opened opened = Open(file);
        Assert.Equal("w", Assert.Single(opened.File.Tensors).Name);
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    public void Names_of_other_functions_are_refused(string module, string name) =>
        Refused(new PyTorchBytes().Raw(0x80, 2).Global(module, name).Raw('(').Text("touch /tmp/x").Raw('t', 'R', '.'), $"names {module}.{name}; allowed: only tensors");

    [Theory]
    [InlineData("", "it is cut off")]
    [InlineData("80 01 2e", "protocol 1, and 2 to 5 are allowed")]
    [InlineData("80 02 2e", "it ends with other than one value")]
    [InlineData("80 02 4e 4e 2e", "it ends with other than one value")]
    [InlineData("80 02 28 4e 2e", "it ends with other than one value")]
    [InlineData("80 02 4e 2e", "does not hold a dictionary")]
    [InlineData("80 02 7d 4b 01 4e 73 2e", "a key of the dictionary is no text")]
    [InlineData("80 02 7d 58 01 00 00 00 61 4b 01 73 2e", "\"a\" is no tensor")]
    [InlineData("80 02 68 07 2e", "a value that it has not kept")]
    [InlineData("80 02 74 2e", "a mark that is not there")]
    [InlineData("80 02 28 52 2e", "a value that is not there")]
    [InlineData("80 02 58 ff ff ff ff 61", "a text is cut off")]
    [InlineData("80 02 58 10 00 00 00 61", "it is cut off")]
    [InlineData("80 02 63 6f 73", "a name is cut off")]
    [InlineData("80 02 8a 09 01 01 01 01 01 01 01 01 01 2e", "more than 64 bits")]
    [InlineData("80 02 7d 4e 51 2e", "a storage in a form that is not known")]
    [InlineData("80 02 4e 29 52 2e", "calls something with arguments that are not known")]
    [InlineData("80 02 4e 4e 4e 73 2e", "adds entries to something else")]
    [InlineData("80 02 4e 4e 61 2e", "appends to something else")]
    [InlineData("80 02 4e 4e 62 2e", "sets the state of something else")]
    [InlineData("80 02 7d 81 2e", "instruction 0x81 at byte 3")]
    [InlineData("80 02 69 6f 73 0a 73 0a 2e", "instruction 0x69 at byte 2")]
    public void Other_pickles_are_refused(string hex, string expected) =>
        Refused(new PyTorchBytes().Raw([.. hex.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static b => Convert.ToInt32(b, 16))]), expected);

    [Theory]
    [InlineData(new[] { 2, 2 }, new[] { 2 }, 0, "as many strides as dimensions")]
    [InlineData(new[] { 2, 2 }, new[] { 2, 1 }, 1, "does not fit into its storage of 4 elements")]
    [InlineData(new[] { 2, 2 }, new[] { 3, 1 }, 0, "does not fit into its storage of 4 elements")]
    [InlineData(new[] { 1000000, 1000000 }, new[] { 0, 0 }, 0, "does not fit into its storage of 4 elements")]
    [InlineData(new[] { int.MaxValue, int.MaxValue, int.MaxValue }, new[] { int.MaxValue, int.MaxValue, int.MaxValue }, 0, "does not fit into its storage")]
    [InlineData(new[] { 2, -2 }, new[] { 2, 1 }, 0, "not whole numbers from 0")]
    [InlineData(new[] { 2, 2 }, new[] { 2, -1 }, 0, "not whole numbers from 0")]
    [InlineData(new[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, new[] { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 0, "at most 8")]
    public void Shapes_that_do_not_fit_are_refused(int[] shape, int[] strides, int offset, string expected) =>
        Refused(PyTorchBytes.OfTensors(("a", "FloatStorage", shape, strides, offset, PyTorchBytes.Floats(1, 2, 3, 4))), expected);

    [Fact]
    public void Storages_of_another_size_are_refused() => Refused(
        new PyTorchBytes().Raw(0x80, 2, '}').Text("a").Tensor("FloatStorage", "0", new byte[16], 0, [5], [1], elements: 5).Raw('s', '.'), "take 16 bytes; allowed: 5 elements of F32");

    [Fact]
    public void Storages_of_astronomic_size_are_refused() => Refused(
        new PyTorchBytes().Raw(0x80, 2, '}').Text("a").Tensor("FloatStorage", "0", new byte[16], 0, [5], [1], elements: long.MaxValue).Raw('s', '.'), "take 16 bytes");

    [Fact]
    public void Names_that_repeat_are_refused() => Refused(
        PyTorchBytes.OfTensors(("a", "ByteStorage", [1], [1], 0, [1]), ("a", "ByteStorage", [1], [1], 0, [1])), "\"a\" appears twice");

    [Fact]
    public void Big_endian_files_are_refused()
    {
        PyTorchBytes file = PyTorchBytes.Example();
        file.ByteOrder = "big";
        Refused(file, "the byte order is \"big\"; allowed: little");
    }

    [Fact]
    public void Compressed_entries_are_refused_before_anything_is_expanded()
    {
        PyTorchBytes file = PyTorchBytes.OfTensors(("a", "ByteStorage", [1], [1], 0, new byte[1 << 20]));
        file.Compression = CompressionLevel.SmallestSize;
        Refused(file, "is compressed or encrypted; allowed: entries stored as they are");
    }

    [Fact]
    public void Other_files_are_refused()
    {
        using TempFolder folder = new();
        string path = folder.Write("old.bin", "\u0080\u0002\u008a\nl\u00fc and so on, in the form before the zip form");
        Assert.Contains("not in the zip form of PyTorch's save", Assert.Throws<ModelException>(() => PyTorchFile.Open(path)).Message, StringComparison.Ordinal);
    }

    private static void Refused(PyTorchBytes file, string expected)
    {
        using TempFolder folder = new();
        string path = folder.File("x.bin");
        File.WriteAllBytes(path, file.Write());
        ModelException e = Assert.Throws<ModelException>(() => PyTorchFile.Open(path));
        Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    private static Opened Open(PyTorchBytes bytes)
    {
        TempFolder folder = new();
        string path = folder.File("x.bin");
        File.WriteAllBytes(path, bytes.Write());
        return new Opened(folder, PyTorchFile.Open(path));
    }

    private sealed record Opened(TempFolder Folder, PyTorchFile File) : IDisposable
    {
        public void Dispose()
        {
            File.Dispose();
            Folder.Dispose();
        }
    }
}
