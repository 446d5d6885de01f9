using HunyuanOrleans.Model.Checkpoints.PyTorch;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints.PyTorch;

/// <summary>Damaged files are either refused with a clear error or opened, and all tensors of an opened file are inside the file.</summary>
public sealed class PyTorchMutationTests
{
    private const int Rounds = 4000;

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
            File.WriteAllBytes(path, Damage(original, random));
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

    private static byte[] Damage(byte[] original, Random random)
    {
        byte[] bytes = [.. original];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes[at] = "().tRQsu}]cXJKhq\x85\x86\x87\x89"u8[random.Next(20)];
                    break;
                case 3:
                    bytes = [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]];
                    break;
                case 4:
                    bytes[at] = 0xFF;
                    break;
                default:
                    bytes = [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
                    break;
            }
        }

        return bytes;
    }
}
