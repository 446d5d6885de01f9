using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Decoding;

/// <summary>Decodes cvt.</summary>
internal static class ConvertDecoder
{
    /// <summary>Decodes a conversion.</summary>
    public static Instruction Convert(StatementDecoder statement, Modifiers modifiers)
    {
        string? rounding = modifiers.TakeOne("rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi");
        if (modifiers.TakeOne("bf16x2", "f16x2", "satfinite") is { } packed)
        {
            return Pack(statement, modifiers, packed, rounding);
        }

        bool isSaturating = modifiers.Take("sat");
        PtxType to = modifiers.TakeType();
        PtxType from = modifiers.TakeType();
        modifiers.End();
        statement.Expect(2, 2);
        PtxType sourceRegister = from.Size == 2 && from.IsFloat ? new PtxType(PtxKind.Bits, 2) : from;
        PtxType targetRegister = to.Size == 2 && to.IsFloat ? new PtxType(PtxKind.Bits, 2) : to;
        Slot source = statement.Source(1, sourceRegister, mayBeWider: !from.IsFloat);
        Slot target = statement.Target(0, targetRegister, mayBeWider: !to.IsFloat);
        Conversion conversion = new(from, to, rounding, isSaturating);
        if (!conversion.IsValid)
        {
            throw statement.Unknown();
        }

        bool isWidening = !from.IsFloat && !to.IsFloat && from.Size == 4 && to.Size == 8 && source.Type.Size == 4 && !isSaturating;
        return isWidening
            ? new WidenInstruction(target, source, from.IsSigned)
            : new BitsInstruction(target, [source], (a, _, _) => conversion.Apply(a));
    }

    private static Instruction Pack(StatementDecoder statement, Modifiers modifiers, string first, string? rounding)
    {
        if (rounding != "rn")
        {
            throw statement.Unknown();
        }

        string name = first == "satfinite" ? modifiers.TakeOne("e4m3x2", "e5m2x2") ?? throw statement.Unknown() : first;
        string source = modifiers.TakeOne("f32", "f16x2", "e4m3x2", "e5m2x2") ?? throw statement.Unknown();
        modifiers.End();
        switch (name, source)
        {
            case ("bf16x2", "f32"):
                return BfloatPair(statement);
            case ("f16x2", "f32"):
                return FromSingles(statement, 4, static value => NarrowFloats.ToHalf(value), 16);
            case ("e4m3x2", "f32"):
                return FromSingles(statement, 2, static value => NarrowFloats.ToE4m3(value), 8);
            case ("e5m2x2", "f32"):
                return FromSingles(statement, 2, static value => NarrowFloats.ToE5m2(value), 8);
            case ("e4m3x2", "f16x2"):
                return FromPair(statement, 4, 16, 2, 8, static bits => NarrowFloats.ToE4m3(NarrowFloats.FromHalf((ushort)bits)));
            case ("e5m2x2", "f16x2"):
                return FromPair(statement, 4, 16, 2, 8, static bits => NarrowFloats.ToE5m2(NarrowFloats.FromHalf((ushort)bits)));
            case ("f16x2", "e4m3x2"):
                return FromPair(statement, 2, 8, 4, 16, static bits => NarrowFloats.ToHalf(NarrowFloats.FromE4m3((byte)bits)));
            case ("f16x2", "e5m2x2"):
                return FromPair(statement, 2, 8, 4, 16, static bits => NarrowFloats.ToHalf(NarrowFloats.FromE5m2((byte)bits)));
            default:
                throw statement.Unknown();
        }
    }

    private static VectorBinaryInstruction<uint, BfloatPair> BfloatPair(StatementDecoder statement)
    {
        statement.Expect(3, 3);
        Slot high = statement.Source(1, PtxType.F32);
        Slot low = statement.Source(2, PtxType.F32);
        return new VectorBinaryInstruction<uint, BfloatPair>(statement.Target(0, PtxType.B32), high, low);
    }

    // The first source goes to the upper half.
    private static BitsInstruction FromSingles(StatementDecoder statement, int size, Func<float, ulong> encode, int width)
    {
        statement.Expect(3, 3);
        Slot high = statement.Source(1, PtxType.F32);
        Slot low = statement.Source(2, PtxType.F32);
        return new BitsInstruction(
            statement.Target(0, new PtxType(PtxKind.Bits, size)),
            [high, low],
            (a, b, _) => encode(BitConverter.UInt32BitsToSingle((uint)b)) | (encode(BitConverter.UInt32BitsToSingle((uint)a)) << width));
    }

    private static BitsInstruction FromPair(
        StatementDecoder statement, int sourceSize, int sourceWidth, int targetSize, int targetWidth, Func<ulong, ulong> encode)
    {
        statement.Expect(2, 2);
        Slot source = statement.Source(1, new PtxType(PtxKind.Bits, sourceSize));
        return new BitsInstruction(
            statement.Target(0, new PtxType(PtxKind.Bits, targetSize)),
            [source],
            (a, _, _) => encode(a & ((1ul << sourceWidth) - 1)) | (encode(a >> sourceWidth) << targetWidth));
    }
}
