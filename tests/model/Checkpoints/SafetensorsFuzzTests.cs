using System.Text;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>Damaged files are either refused with a clear error or opened, and all views of an opened file are inside the file.</summary>
public sealed class SafetensorsFuzzTests
{
    private const int Rounds = 2000;

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
            File.WriteAllBytes(path, Damage(original, random));
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

    private static byte[] Damage(byte[] original, Random random)
    {
        byte[] bytes = [.. original];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes[at] = Encoding.ASCII.GetBytes("0123456789{}[]\",:")[random.Next(17)];
                    break;
                case 3:
                    bytes = [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]];
                    break;
                default:
                    bytes = [.. bytes[..at], (byte)random.Next(32, 127), .. bytes[at..]];
                    break;
            }

            if (bytes.Length == 0)
            {
                break;
            }
        }

        return bytes;
    }
}
