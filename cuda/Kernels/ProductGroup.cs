using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>The matrix of an expert and the range of its tokens.</summary>
internal struct ProductGroup
{
    public ulong Weights;
    public ulong Scales;

    /// <summary>Its first token in the rows of activations and results.</summary>
    public int First;

    /// <summary>Number of its tokens.</summary>
    public int Tokens;

    /// <summary>
    /// The group of this block. Experts without tokens have no blocks: the block's number in the third dimension counts only those that have some. If there
    /// are fewer, the group has no tokens.
    /// </summary>
    public static ProductGroup OfBlock(ProductArguments arguments)
    {
        ProductGroup group = new() { Weights = arguments.Weights, Scales = arguments.Scales, Tokens = arguments.Tokens };
        if (arguments.Starts == 0)
        {
            return group;
        }

        group.Tokens = 0;
        int expert = FindExpert(arguments, Ptx.BlockZ());
        if (expert < arguments.Experts)
        {
            group.First = Ptx.LoadInt(arguments.Starts + ((ulong)expert * 4));
            group.Tokens = Ptx.LoadInt(arguments.Starts + ((ulong)expert * 4) + 4) - group.First;
            if (arguments.Table != 0)
            {
                group.Weights = Ptx.LoadUlong(arguments.Table + ((ulong)expert * 16));
                group.Scales = Ptx.LoadUlong(arguments.Table + ((ulong)expert * 16) + 8);
                group.Tokens = group.Weights == 0 ? 0 : group.Tokens;
            }
        }

        return group;
    }

    /// <summary>Address of the activations of a token. A token after the last has the address of the first.</summary>
    public ulong TokenAddress(ProductArguments arguments, int token) =>
        arguments.X + ((ulong)(First + (token < Tokens ? token : 0)) * (ulong)arguments.XStride);

    /// <summary>How much of 16 bytes to copy of a token: nothing after the last token, so that its activations are zero.</summary>
    public int TokenBytes(int token) => token < Tokens ? 16 : 0;

    // Each lane looks at one of 32 experts at a time.
    private static int FindExpert(ProductArguments arguments, int number)
    {
        int lane = Ptx.Thread() & 31;
        for (int first = 0; first < arguments.Experts; first += 32)
        {
            uint used = 0;
            if (first + lane < arguments.Experts)
            {
                ulong start = arguments.Starts + ((ulong)(first + lane) * 4);
                used = Ptx.LoadInt(start + 4) > Ptx.LoadInt(start) ? 1u << lane : 0;
            }

            used |= Ptx.ShuffleXor(used, 16);
            used |= Ptx.ShuffleXor(used, 8);
            used |= Ptx.ShuffleXor(used, 4);
            used |= Ptx.ShuffleXor(used, 2);
            used |= Ptx.ShuffleXor(used, 1);
            int count = Ptx.PopCount(used);
            if (number < count)
            {
                for (; number > 0; number--)
                {
                    used &= used - 1;
                }

                return first + Ptx.PopCount((used & (0 - used)) - 1);
            }

            number -= count;
        }

        return arguments.Experts;
    }
}
