namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>Changes a few bytes of a file's content: single bytes and bits, signs that the format uses, huge numbers, bytes left out or added, an early end.</summary>
internal static class FileDamage
{
    /// <summary>Returns a damaged copy, of at least one byte.</summary>
    /// <param name="original">The content, at least one byte.</param>
    /// <param name="random">Chooses the damage.</param>
    /// <param name="signs">Bytes that mean something in the format, one of which replaces a byte.</param>
    /// <param name="header">Number of first bytes that are damaged; by default all.</param>
    public static byte[] Of(byte[] original, Random random, byte[] signs, int header = int.MaxValue)
    {
        byte[] bytes = [.. original];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(Math.Min(header, bytes.Length));
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes[at] = signs[random.Next(signs.Length)];
                    break;
                case 3:
                    for (int b = at; b < Math.Min(bytes.Length, at + 8); b++)
                    {
                        bytes[b] = b == at + 7 ? (byte)0x7F : (byte)0xFF;
                    }

                    break;
                case 4 when bytes.Length > 8:
                    bytes = [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]];
                    break;
                case 5:
                    bytes = [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
                    break;
                default:
                    bytes = bytes[..Math.Max(1, random.Next(bytes.Length))];
                    break;
            }
        }

        return bytes;
    }
}
