using System.Numerics;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>A comparison. With a NaN it is false.</summary>
internal interface IComparison<T>
{
    static abstract bool Apply(T a, T b);

    static abstract Vector256<T> Apply(Vector256<T> a, Vector256<T> b);
}

internal readonly struct Equal<T> : IComparison<T>
    where T : INumber<T>
{
    public static bool Apply(T a, T b) => a == b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, b);
}

internal readonly struct Different<T> : IComparison<T>
    where T : INumber<T>
{
    public static bool Apply(T a, T b) => a < b || a > b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b) | Vector256.GreaterThan(a, b);
}

internal readonly struct Less<T> : IComparison<T>
    where T : INumber<T>
{
    public static bool Apply(T a, T b) => a < b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b);
}

internal readonly struct LessOrEqual<T> : IComparison<T>
    where T : INumber<T>
{
    public static bool Apply(T a, T b) => a <= b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.LessThanOrEqual(a, b);
}

internal readonly struct Greater<T> : IComparison<T>
    where T : INumber<T>
{
    public static bool Apply(T a, T b) => a > b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.GreaterThan(a, b);
}

internal readonly struct GreaterOrEqual<T> : IComparison<T>
    where T : INumber<T>
{
    public static bool Apply(T a, T b) => a >= b;

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.GreaterThanOrEqual(a, b);
}

/// <summary>Whether neither is a NaN.</summary>
internal readonly struct Ordered<T> : IComparison<T>
    where T : INumber<T>
{
    public static bool Apply(T a, T b) => !T.IsNaN(a) && !T.IsNaN(b);

    public static Vector256<T> Apply(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, a) & Vector256.Equals(b, b);
}
