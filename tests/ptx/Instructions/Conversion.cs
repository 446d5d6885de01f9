using HunyuanOrleans.Ptx.Parsing;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>A conversion between integers and floats.</summary>
/// <param name="From">The source.</param>
/// <param name="To">The target.</param>
/// <param name="Rounding">The rounding, if given.</param>
/// <param name="IsSaturating">Whether integers are clamped to the target's range, and floats to [0, 1].</param>
internal readonly record struct Conversion(PtxType From, PtxType To, string? Rounding, bool IsSaturating)
{
    /// <summary>Whether the rounding fits the types.</summary>
    public bool IsValid
    {
        get
        {
            bool isInteger = Rounding is "rni" or "rzi" or "rmi" or "rpi";
            bool isFloat = Rounding is "rn" or "rz" or "rm" or "rp";
            return From.Kind is not (PtxKind.Bits or PtxKind.Predicate) && To.Kind is not (PtxKind.Bits or PtxKind.Predicate) && (From.IsFloat, To.IsFloat) switch
            {
                (false, false) => Rounding is null,
                (true, false) => isInteger,
                (false, true) => isFloat,
                _ when From == To => Rounding is null || isInteger,
                _ => To.Size < From.Size ? isFloat : Rounding is null,
            } && (To is not { IsFloat: true, Size: 2 } || Rounding == "rn") && !(From.Size == 2 && To.Size == 2 && From.IsFloat && To.IsFloat);
        }
    }

    /// <summary>Converts.</summary>
    public ulong Apply(ulong bits)
    {
        if (From.IsFloat)
        {
            double value = Float(bits);
            if (!To.IsFloat)
            {
                return ToInteger(value);
            }

            value = Rounding is "rni" or "rzi" or "rmi" or "rpi" ? Round(value) : value;
            value = IsSaturating ? (value > 0 ? Math.Min(value, 1) : 0) : value;
            return ToFloat(value, 0);
        }

        Int128 number = Integer(bits);
        if (!To.IsFloat)
        {
            return Fit((ulong)(IsSaturating ? Int128.Clamp(number, Least, Most) : number), To);
        }

        // The nearest float64 and what is missing to the number are enough for any rounding.
        double near = (double)number;
        Int128 error = number - (Int128)near;
        return ToFloat(IsSaturating ? Math.Clamp(near, 0, 1) : near, (double)error);
    }

    private Int128 Least => To.IsSigned ? -(Int128.One << ((8 * To.Size) - 1)) : 0;

    private Int128 Most => (Int128.One << ((8 * To.Size) - (To.IsSigned ? 1 : 0))) - 1;

    // Cuts bits to the size of a type, and extends them again as the type says.
    private static ulong Fit(ulong bits, PtxType type)
    {
        int unused = 64 - (8 * type.Size);
        return type.IsSigned ? (ulong)((long)(bits << unused) >> unused) : bits << unused >> unused;
    }

    private double Float(ulong bits) => (From.Size, From.Kind) switch
    {
        (2, PtxKind.Bfloat) => NarrowFloats.FromBfloat((ushort)bits),
        (2, _) => NarrowFloats.FromHalf((ushort)bits),
        (4, _) => BitConverter.UInt32BitsToSingle((uint)bits),
        _ => BitConverter.UInt64BitsToDouble(bits),
    };

    private Int128 Integer(ulong bits) => From.IsSigned ? (long)Fit(bits, From) : (Int128)Fit(bits, From);

    private double Round(double value) => Math.Round(value, Rounding switch
    {
        "rni" => MidpointRounding.ToEven,
        "rzi" => MidpointRounding.ToZero,
        "rmi" => MidpointRounding.ToNegativeInfinity,
        _ => MidpointRounding.ToPositiveInfinity,
    });

    private ulong ToInteger(double value)
    {
        if (double.IsNaN(value))
        {
            return From.Size == 8 || To.Size == 8 ? 1ul << ((8 * To.Size) - 1) : 0;
        }

        double rounded = Round(value);
        Int128 number = rounded >= 1e30 ? Most : rounded <= -1e30 ? Least : (Int128)rounded;
        return Fit((ulong)Int128.Clamp(number, Least, Most), To);
    }

    // The value is value + error, where the error is too small to be seen in the value.
    private ulong ToFloat(double value, double error)
    {
        if (To.Size == 8)
        {
            return BitConverter.DoubleToUInt64Bits(Direct(value, error, Math.BitIncrement, Math.BitDecrement));
        }

        if (To.Size == 2)
        {
            double odd = error == 0 ? value : NarrowFloats.MultiplyAdd(value, 1, error);
            return To.Kind == PtxKind.Bfloat ? NarrowFloats.ToBfloat(odd) : NarrowFloats.ToHalf(odd);
        }

        if (double.IsNaN(value))
        {
            return 0x7fffffff;
        }

        double exact = error == 0 ? value : NarrowFloats.MultiplyAdd(value, 1, error);
        float single = (float)exact;
        single = Rounding switch
        {
            "rz" when Math.Abs((double)single) > Math.Abs(exact) => exact < 0 ? MathF.BitIncrement(single) : MathF.BitDecrement(single),
            "rm" when single > exact => MathF.BitDecrement(single),
            "rp" when single < exact => MathF.BitIncrement(single),
            _ => single,
        };
        return BitConverter.SingleToUInt32Bits(single);
    }

    private double Direct(double value, double error, Func<double, double> up, Func<double, double> down) => Rounding switch
    {
        "rz" when error < 0 && value > 0 => down(value),
        "rz" when error > 0 && value < 0 => up(value),
        "rm" when error < 0 => down(value),
        "rp" when error > 0 => up(value),
        _ => value,
    };
}
