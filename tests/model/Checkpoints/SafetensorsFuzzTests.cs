using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>Damaged files are either refused with a clear error or opened, and all views of an opened file are inside the file.</summary>
public sealed class SafetensorsFuzzTests
{
    private const int Rounds = 2000;

    private static readonly byte[] HeaderSigns = [.. "0123456789{}[]\",:"u8];

    [Fact]
    public void Random_damage_gives_a_clear_error_or_a_valid_checkpoint()
    {
        byte[] original = SafetensorsBytes.Make(SafetensorsBytes.TwoTensors, 24);
        var random = new Random(20260101);
        using var folder = new TempFolder();
        string path = folder.File("model.safetensors");
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            File.WriteAllBytes(path, FileDamage.Of(original, random, HeaderSigns));
            try
            {
                using Checkpoint checkpoint = Checkpoint.Open(folder.Root);
                Assert.Equal(24, checkpoint.Tensors.Sum(tensor => Sum(tensor).Length));
            }
            catch (ModelException e)
            {
                Assert.StartsWith(path, e.Message);
                refused++;
            }
        }

        // Damage to data bytes or names is undetectable. Nearly all other damage must be detected.
        Assert.InRange(refused, Rounds / 2, Rounds - 1);
    }

    private static byte[] Sum(TensorView tensor) => tensor.Slice(0, (int)tensor.ByteLength).ToArray();
}
