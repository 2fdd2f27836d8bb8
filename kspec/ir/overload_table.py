"""Knows the overloads of the standard library: their types, and which can fail for arguments of those types.

One line each: `name(types): result`, with `!` where it can fail. In METHODS the first type is the receiver's.
`A` and `B` stand for any type; a last type with `*` may be repeated. `dyn` here takes every value.
"""

FUNCTIONS = """
_==_(A, A): bool
_!=_(A, A): bool
_+_(int, int): int !
_+_(uint, uint): uint !
_+_(double, double): double
_+_(string, string): string
_+_(bytes, bytes): bytes
_+_(list(A), list(A)): list(A)
_+_(timestamp, duration): timestamp !
_+_(duration, timestamp): timestamp !
_+_(duration, duration): duration !
_+_(quantity, quantity): quantity
_-_(int, int): int !
_-_(uint, uint): uint !
_-_(double, double): double
_-_(timestamp, timestamp): duration !
_-_(timestamp, duration): timestamp !
_-_(duration, duration): duration !
_-_(quantity, quantity): quantity
_*_(int, int): int !
_*_(quantity, int): quantity
_*_(uint, uint): uint !
_*_(double, double): double
_/_(int, int): int !
_/_(quantity, quantity): int !
_/_(uint, uint): uint !
_/_(double, double): double
_%_(int, int): int !
_%_(uint, uint): uint !
-_(int): int !
-_(double): double
!_(bool): bool
@in(A, list(A)): bool
@in(A, map(A, B)): bool
_[_](list(A), int): A !
_[_](map(A, B), A): B !
_[_](optional(list(A)), int): optional(A)
_[_](optional(map(A, B)), A): optional(B)
_[?_](list(A), int): optional(A)
_[?_](map(A, B), A): optional(B)
_[?_](optional(list(A)), int): optional(A)
_[?_](optional(map(A, B)), A): optional(B)
_?._(map(string, A), string): optional(A)
_?._(optional(map(string, A)), string): optional(A)
_?._(dyn, string): optional(dyn) !
@cast(dyn, type): dyn !
size(string): int
size(bytes): int
size(list(A)): int
size(map(A, B)): int
type(A): type
dyn(A): dyn
hash(dyn): int
undetermined(string): bool !
int(int): int
int(uint): int !
int(double): int !
int(string): int !
int(timestamp): int
uint(uint): uint
uint(int): uint !
uint(double): uint !
uint(string): uint !
double(double): double
double(int): double
double(uint): double
double(string): double !
string(string): string
string(int): string
string(uint): string
string(double): string
string(bool): string
string(bytes): string !
string(timestamp): string
string(duration): string
string(ip): string
string(cidr): string
string(quantity): string
string(semver): string
string(url): string
bytes(bytes): bytes
bytes(string): bytes !
bool(bool): bool
bool(string): bool !
timestamp(timestamp): timestamp
timestamp(string): timestamp !
timestamp(int): timestamp !
duration(duration): duration
duration(string): duration !
matches(string, string): bool !
strings.quote(string): string
lists.range(int): list(int) !
sets.contains(list(A), list(A)): bool
sets.equivalent(list(A), list(A)): bool
sets.intersects(list(A), list(A)): bool
math.greatest(int*): int
math.greatest(uint*): uint
math.greatest(double*): double
math.greatest(list(int)): int !
math.greatest(list(uint)): uint !
math.greatest(list(double)): double !
math.greatest(list(dyn)): dyn !
math.greatest(dyn*): dyn !
math.least(int*): int
math.least(uint*): uint
math.least(double*): double
math.least(list(int)): int !
math.least(list(uint)): uint !
math.least(list(double)): double !
math.least(list(dyn)): dyn !
math.least(dyn*): dyn !
math.ceil(double): double
math.floor(double): double
math.round(double): double
math.trunc(double): double
math.abs(int): int !
math.abs(uint): uint
math.abs(double): double
math.sign(int): int
math.sign(uint): uint
math.sign(double): double
math.sqrt(int): double
math.sqrt(uint): double
math.sqrt(double): double
math.ln(double): double
math.isNaN(double): bool
math.isInf(double): bool
math.isFinite(double): bool
math.bitAnd(int, int): int
math.bitAnd(uint, uint): uint
math.bitOr(int, int): int
math.bitOr(uint, uint): uint
math.bitXor(int, int): int
math.bitXor(uint, uint): uint
math.bitNot(int): int
math.bitNot(uint): uint
math.bitShiftLeft(int, int): int !
math.bitShiftLeft(uint, int): uint !
math.bitShiftRight(int, int): int !
math.bitShiftRight(uint, int): uint !
base64.encode(bytes): string
base64.decode(string): bytes !
base32.encode(bytes): string
sha256(string): bytes
optional.of(A): optional(A)
optional.ofNonZeroValue(A): optional(A)
optional.none(): optional(nothing)
optional.unwrap(list(optional(A))): list(A)
quantity(string): quantity !
isQuantity(string): bool
ip(string): ip !
isIP(string): bool
ip.isCanonical(string): bool !
ip.representatives(list(string)): list(ip) !
cidr(string): cidr !
isCIDR(string): bool
url(string): url !
isURL(string): bool
semver(string): semver !
semver(string, bool): semver !
isSemver(string): bool
isSemver(string, bool): bool
format.named(string): optional(named_format)
format.dns1123Label(): named_format
format.dns1123Subdomain(): named_format
format.dns1035Label(): named_format
format.qualifiedName(): named_format
format.labelValue(): named_format
format.uri(): named_format
format.uuid(): named_format
format.byte(): named_format
format.date(): named_format
format.datetime(): named_format
format.dns1123LabelPrefix(): named_format
format.dns1123SubdomainPrefix(): named_format
format.dns1035LabelPrefix(): named_format
regex.replace(string, string, string): string !
regex.replace(string, string, string, int): string !
regex.extract(string, string): optional(string) !
regex.extractAll(string, string): list(string) !
"""

METHODS = """
size(string): int
size(bytes): int
size(list(A)): int
size(map(A, B)): int
contains(string, string): bool
startsWith(string, string): bool
endsWith(string, string): bool
matches(string, string): bool !
charAt(string, int): string !
indexOf(string, string): int
indexOf(string, string, int): int !
lastIndexOf(string, string): int
lastIndexOf(string, string, int): int !
lowerAscii(string): string
upperAscii(string): string
replace(string, string, string): string !
replace(string, string, string, int): string !
split(string, string): list(string) !
split(string, string, int): list(string) !
substring(string, int): string !
substring(string, int, int): string !
trim(string): string
format(string, list(dyn)): string !
reverse(string): string
find(string, string): string !
findAll(string, string): list(string) !
findAll(string, string, int): list(string) !
join(list(string)): string !
join(list(string), string): string !
slice(list(A), int, int): list(A) !
flatten(list(list(A))): list(A) !
flatten(list(A)): list(A) !
flatten(list(dyn), int): list(dyn) !
sort(list(A)): list(A) !
distinct(list(A)): list(A)
reverse(list(A)): list(A)
first(list(A)): optional(A)
last(list(A)): optional(A)
indexOf(list(A), A): int
lastIndexOf(list(A), A): int
isSorted(list(A)): bool !
min(list(A)): A !
max(list(A)): A !
sum(list(int), int): int !
sum(list(uint), uint): uint !
sum(list(double), double): double
sum(list(duration), duration): duration !
sum(list(quantity), quantity): quantity
sum(list(dyn), dyn): dyn !
getFullYear(timestamp): int
getFullYear(timestamp, string): int !
getMonth(timestamp): int
getMonth(timestamp, string): int !
getDayOfYear(timestamp): int
getDayOfYear(timestamp, string): int !
getDayOfMonth(timestamp): int
getDayOfMonth(timestamp, string): int !
getDate(timestamp): int
getDate(timestamp, string): int !
getDayOfWeek(timestamp): int
getDayOfWeek(timestamp, string): int !
getHours(timestamp): int
getHours(timestamp, string): int !
getHours(duration): int
getMinutes(timestamp): int
getMinutes(timestamp, string): int !
getMinutes(duration): int
getSeconds(timestamp): int
getSeconds(timestamp, string): int !
getSeconds(duration): int
getMilliseconds(timestamp): int
getMilliseconds(timestamp, string): int !
getMilliseconds(duration): int
hasValue(optional(A)): bool
value(optional(A)): A !
or(optional(A), optional(A)): optional(A)
orValue(optional(A), A): A
unwrapOpt(list(optional(A))): list(A)
sign(quantity): int
isInteger(quantity): bool
asInteger(quantity): int !
asApproximateFloat(quantity): double
add(quantity, quantity): quantity
add(quantity, int): quantity
sub(quantity, quantity): quantity
sub(quantity, int): quantity
isGreaterThan(quantity, quantity): bool
isLessThan(quantity, quantity): bool
compareTo(quantity, quantity): int
family(ip): int
isUnspecified(ip): bool
isLoopback(ip): bool
isLinkLocalMulticast(ip): bool
isLinkLocalUnicast(ip): bool
isGlobalUnicast(ip): bool
containsIP(cidr, ip): bool
containsIP(cidr, string): bool !
containsCIDR(cidr, cidr): bool
containsCIDR(cidr, string): bool !
ip(cidr): ip
masked(cidr): cidr
prefixLength(cidr): int
getScheme(url): string
getHost(url): string
getHostname(url): string
getPort(url): string
getEscapedPath(url): string
getQuery(url): map(string, list(string))
validate(named_format, string): optional(list(string))
major(semver): int
minor(semver): int
patch(semver): int
isGreaterThan(semver, semver): bool
isLessThan(semver, semver): bool
compareTo(semver, semver): int
"""
