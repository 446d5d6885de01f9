using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>The kernel that chooses the experts of tokens.</summary>
internal static class RoutingKernels
{
    /// <summary>Tokens of a block: one warp treats a token.</summary>
    public const int TokensPerBlock = Threads / 32;

    /// <summary>The most experts that a token can have: each lane keeps one.</summary>
    public const int MaxTopK = 32;

    /// <summary>The most experts to choose from: each lane looks at 8 and marks those that are chosen.</summary>
    public const int MaxExperts = 256;

    private const int Threads = 128;

    /// <summary>The float32 epsilon, below which the published code does not let the sum of the chosen probabilities fall.</summary>
    private const float Epsilon = 1.1920929e-07f;

    /// <summary>
    /// Chooses for each token the experts with the k largest logits, of equal ones the lower number, and computes their weights: probabilities of the
    /// softmax over all experts, which for k above 1 are divided by their sum. Logits that are NaN come after all numbers, so that a token never lacks
    /// an expert.
    /// </summary>
    /// <param name="logits">float32 rows, one for each token.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="count">Number of experts, at most <see cref="MaxExperts"/>.</param>
    /// <param name="k">Experts of a token, at most <paramref name="count"/> and <see cref="MaxTopK"/>.</param>
    /// <param name="experts">Receives int [tokens, k], ascending for each token.</param>
    /// <param name="weights">Receives float32 [tokens, k].</param>
    [Kernel(threads: Threads)]
    public static void ChooseExperts(ulong logits, int stride, int tokens, int count, int k, ulong experts, ulong weights)
    {
        int token = (Ptx.BlockX() * TokensPerBlock) + (Ptx.Thread() / 32);
        if (token < tokens)
        {
            Choose(logits, stride, token, count, k, experts, weights);
        }
    }

    /// <summary>Chooses the experts of a token. All lanes of a warp take part.</summary>
    /// <inheritdoc cref="ChooseExperts"/>
    internal static void Choose(ulong logits, int stride, int token, int count, int k, ulong experts, ulong weights)
    {
        int lane = Ptx.Thread() % 32;
        ulong row = RowElements.Row(logits, stride, token);
        uint taken = 0;
        int first = 0;
        int mine = count;
        for (int choice = 0; choice < k; choice++)
        {
            int best = Best(row, count, lane, taken);
            taken |= best % 32 == lane ? 1u << (best / 32) : 0;
            mine = lane == choice ? best : mine;
            first = choice == 0 ? best : first;
        }

        int expert = Sorted(mine, k, lane);
        float max = Ptx.LoadFloat(row + ((ulong)(uint)first * 4));
        float sum = 0;
        for (int e = lane; e < count; e += 32)
        {
            sum = Ptx.Add(sum, KernelMath.Exp(Ptx.Subtract(Ptx.LoadFloat(row + ((ulong)(uint)e * 4)), max)));
        }

        sum = BlockSum.OfWarp(sum);
        float weight = 0;
        if (lane < k)
        {
            weight = Ptx.Divide(KernelMath.Exp(Ptx.Subtract(Ptx.LoadFloat(row + ((ulong)(uint)expert * 4)), max)), sum);
        }

        if (k > 1)
        {
            float chosen = 0;
            for (int i = 0; i < k; i++)
            {
                chosen = Ptx.Add(chosen, Ptx.ShuffleFrom(weight, i));
            }

            weight = Ptx.Divide(weight, chosen < Epsilon ? Epsilon : chosen);
        }

        if (lane < k)
        {
            ulong at = (((ulong)(uint)token * (uint)k) + (uint)lane) * 4;
            Ptx.StoreInt(experts + at, expert);
            Ptx.StoreFloat(weights + at, weight);
        }
    }

    /// <summary>The expert with the largest logit among those that are not taken, the same in each lane.</summary>
    private static int Best(ulong row, int count, int lane, uint taken)
    {
        uint bestOrder = 0;
        uint best = uint.MaxValue;
        for (int e = lane; e < count; e += 32)
        {
            uint order = FloatOrder.Of(Ptx.LoadFloat(row + ((ulong)(uint)e * 4)));
            if (((taken >> (e / 32)) & 1) == 0 && (best == uint.MaxValue || order > bestOrder))
            {
                bestOrder = order;
                best = (uint)e;
            }
        }

        for (int mask = 16; mask > 0; mask /= 2)
        {
            uint order = Ptx.ShuffleXor(bestOrder, mask);
            uint other = Ptx.ShuffleXor(best, mask);
            if (order > bestOrder || (order == bestOrder && other < best))
            {
                bestOrder = order;
                best = other;
            }
        }

        return (int)best;
    }

    /// <summary>The lane's expert after the experts of the first k lanes, which all differ, are sorted.</summary>
    private static int Sorted(int expert, int k, int lane)
    {
        int rank = 0;
        for (int i = 0; i < k; i++)
        {
            rank += (int)Ptx.ShuffleFrom((uint)expert, i) < expert ? 1 : 0;
        }

        int sorted = expert;
        for (int i = 0; i < k; i++)
        {
            int other = (int)Ptx.ShuffleFrom((uint)expert, i);
            sorted = (int)Ptx.ShuffleFrom((uint)rank, i) == lane ? other : sorted;
        }

        return sorted;
    }
}
