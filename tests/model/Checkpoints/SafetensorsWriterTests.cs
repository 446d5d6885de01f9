using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

public sealed class SafetensorsWriterTests
{
    private static readonly TensorSpec[] Specs = [new("a", StoredType.I8, [3]), new("b", StoredType.F16, [2, 2]), new("none", StoredType.F32, [0])];

    [Fact]
    public void Pieces_in_any_order_read_back()
    {
        using var folder = new TempFolder();
        using (var writer = new SafetensorsWriter(folder.File("model.safetensors"), Specs))
        {
            writer.Write("b", 4, [5, 6, 7, 8]);
            writer.Write("a", 0, [9, 10, 11]);
            Assert.False(File.Exists(folder.File("model.safetensors")));
            writer.Write("b", 0, [1, 2, 3, 4]);
            writer.Complete();
        }

        using Checkpoint checkpoint = Checkpoint.Open(folder.Root);
        Assert.True(checkpoint.TryGet("a", out TensorView a) && checkpoint.TryGet("b", out TensorView b));
        Assert.Equal([9, 10, 11], a.Slice(0, 3).ToArray());
        Assert.True(checkpoint.TryGet("b", out b));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], b.Slice(0, 8).ToArray());
        Assert.Equal(0, a.Address % 8);
        Assert.Single(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void An_unfinished_file_leaves_nothing()
    {
        using var folder = new TempFolder();
        using (var writer = new SafetensorsWriter(folder.File("model.safetensors"), Specs))
        {
            writer.Write("a", 0, [1, 2, 3]);
            Assert.Throws<InvalidOperationException>(writer.Complete);
            Assert.Throws<ArgumentOutOfRangeException>(() => writer.Write("a", 1, [1, 2, 3]));
        }

        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }

    [Fact]
    public void A_name_twice_is_refused()
    {
        using var folder = new TempFolder();
        ModelException e = Assert.Throws<ModelException>(() => new SafetensorsWriter(folder.File("x"), [Specs[0], Specs[0]]));
        Assert.Contains("tensor \"a\" is given twice", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_refused()
    {
        using var folder = new TempFolder();
        ModelException e = Assert.Throws<ModelException>(() => new SafetensorsWriter(Path.Combine(folder.Root, "no", "x"), Specs));
        Assert.Contains("cannot be written", e.Message, StringComparison.Ordinal);
    }
}
