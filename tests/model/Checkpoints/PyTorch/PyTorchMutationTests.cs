using HunyuanOrleans.Model.Checkpoints.PyTorch;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints.PyTorch;

/// <summary>Damaged files are either refused with a clear error or opened, and all tensors of an opened file are inside the file.</summary>
public sealed class PyTorchMutationTests
{
    private const int Rounds = 4000;

    private static readonly byte[] PickleSigns = [.. "().tRQsu}]cXJKhq"u8, 0x85, 0x86, 0x87, 0x89];

    [Fact]
    public void Random_damage_gives_a_clear_error_or_tensors_inside_the_file()
    {
        byte[] original = PyTorchBytes.Example().Write();
        Random random = new(20261130);
        using TempFolder folder = new();
        string path = folder.File("x.bin");
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            File.WriteAllBytes(path, FileDamage.Of(original, random, PickleSigns));
            try
            {
                using PyTorchFile file = PyTorchFile.Open(path);
                foreach (PyTorchTensor tensor in file.Tensors)
                {
                    tensor.CopyTo(new byte[tensor.ByteLength]);
                }
            }
            catch (ModelException e)
            {
                Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        // Damage to elements, names, times and check sums cannot be noticed; damage to the structure must be.
        Assert.InRange(refused, Rounds / 4, Rounds - 1);
    }
}
