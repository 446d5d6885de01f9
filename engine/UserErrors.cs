using HunyuanOrleans.Contracts;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text;

namespace HunyuanOrleans.Engine;

/// <summary>Tells apart the exceptions whose message is for users. Each project that this one refers to has its own exception type.</summary>
public static class UserErrors
{
    /// <summary>True if the message says, for users, what went wrong and, for wrong input, what is allowed.</summary>
    public static bool IsForUsers(Exception exception) => exception is HunyuanException or ModelException or DeviceException or TextException or ConstraintException;
}
