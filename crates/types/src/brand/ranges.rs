//! Long lists of ranges, apart from the table so that it stays readable.

use super::table::{Range, prefix, range};

/// Cartes Bancaires publishes no list to the public: this one is what open checkouts know, six digits each.
/// Source: Hyperswitch web client (open source), card patterns, "CartesBancaires"; Adyen, "Test card numbers", Cartes Bancaires.
#[rustfmt::skip]
pub(super) const CARTES_BANCAIRES: &[Range] = &[
    range(401_005, 401_006), prefix(401_581), range(402_101, 402_102), prefix(403_550), prefix(405_936), prefix(406_572),
    prefix(413_849), prefix(414_819), prefix(415_056), prefix(415_059), prefix(415_062), prefix(415_071), prefix(415_074),
    prefix(416_286), prefix(416_537), prefix(416_579), range(417_170, 417_179), prefix(420_110), prefix(423_460),
    range(434_721, 434_722), range(435_048, 435_052), prefix(436_000), prefix(437_875), prefix(439_509), prefix(439_511),
    prefix(439_515), prefix(439_539), prefix(439_598), prefix(439_603), range(439_618, 439_620), prefix(439_622),
    prefix(439_672), range(442_448, 442_452), prefix(442_457), prefix(448_412), prefix(450_519), prefix(450_560),
    range(453_300, 453_399), range(455_660, 455_689), range(456_100, 456_229), range(456_240, 456_299), prefix(456_955),
    prefix(457_452), prefix(457_717), range(459_300, 459_309), range(459_320, 459_339), range(459_370, 459_379),
    range(459_390, 459_399), range(460_990, 460_999), range(465_476, 465_477), prefix(466_258), prefix(466_575),
    range(469_800, 469_809), range(469_820, 469_839), prefix(474_107), range(477_173, 477_174), prefix(477_186),
    prefix(477_265), prefix(477_293), prefix(479_619), prefix(481_091), prefix(483_622), prefix(486_519),
    range(497_000, 497_999), range(498_350, 498_399), range(499_001, 499_006), range(499_010, 499_016),
    range(499_020, 499_023), range(499_030, 499_033), range(499_040, 499_043), range(499_050, 499_052), prefix(499_068),
    prefix(499_092), range(499_095, 499_099), range(507_589, 507_590), range(507_593, 507_594), prefix(507_597),
    prefix(510_726), range(513_000, 513_799), range(513_850, 513_869), prefix(513_900), prefix(513_938), prefix(515_214),
    prefix(516_207), prefix(516_236), prefix(517_222), prefix(517_243), range(517_365, 517_366), prefix(517_502),
    prefix(517_647), prefix(518_101), prefix(519_920), prefix(520_993), prefix(521_662), prefix(523_718), prefix(527_429),
    prefix(529_227), range(529_313, 529_314), prefix(529_331), prefix(529_414), prefix(529_421), prefix(529_430),
    prefix(529_440), prefix(529_447), range(529_455, 529_456), range(529_460, 529_499), prefix(529_542), prefix(530_901),
    prefix(531_028), prefix(531_030), prefix(531_195), range(532_344, 532_347), prefix(532_459), prefix(532_509),
    prefix(532_534), prefix(532_554), prefix(532_556), prefix(533_801), prefix(534_102), prefix(534_105), prefix(534_111),
    prefix(535_029), prefix(535_066), prefix(535_324), prefix(536_107), prefix(536_115), prefix(537_106), prefix(537_112),
    prefix(538_011), prefix(542_848), prefix(545_157), prefix(549_538), range(549_858, 549_859), prefix(553_979),
    prefix(553_993), prefix(554_205), prefix(554_260), prefix(554_965), prefix(557_008), prefix(558_867), prefix(558_882),
    prefix(558_929), range(558_942, 558_943), prefix(559_618), range(559_809, 559_810), prefix(560_408),
    range(561_202, 561_206), prefix(561_241), range(561_243, 561_244), prefix(561_250), prefix(561_254),
    range(561_256, 561_258), range(581_700, 581_707), prefix(581_715), prefix(581_721), prefix(581_724), prefix(581_731),
    range(581_736, 581_751), prefix(581_756), prefix(581_762), prefix(581_766), prefix(581_769), prefix(581_773),
    range(581_777, 581_787), range(581_790, 581_791), prefix(581_797), range(585_502, 585_505), range(585_577, 585_582),
];

/// The ranges of Elo. Those in `65` are leased from Discover: the cards are Elo cards.
/// The source also gives 650923 to Troy, whose list is the younger one: there it stays.
/// Source: Braintree credit-card-type (open source), card types, "elo"; Adyen Web (open source), card types, "elo".
#[rustfmt::skip]
pub(super) const ELO: &[Range] = &[
    prefix(401_178), prefix(401_179), prefix(431_274), prefix(438_935), prefix(451_416), prefix(457_393), prefix(457_631),
    prefix(457_632), prefix(504_175), range(506_699, 506_778), range(509_000, 509_999), prefix(627_780), prefix(636_297),
    prefix(636_368), range(650_031, 650_033), range(650_035, 650_051), range(650_405, 650_439), range(650_485, 650_538),
    range(650_541, 650_598), range(650_700, 650_718), range(650_720, 650_727), range(650_901, 650_922), range(650_924, 650_978),
    range(651_652, 651_679), range(655_000, 655_019), range(655_021, 655_058),
];

/// The ranges of Troy: `9792` is its own, those in `65` are leased from Discover.
/// Source: Wikipedia, "Payment card number", Troy; Braintree credit-card-type (open source), card types, "troy".
#[rustfmt::skip]
pub(super) const TROY: &[Range] = &[
    prefix(9792), prefix(650_052), range(650_082, 650_083), prefix(650_092), prefix(650_161), prefix(650_170),
    prefix(650_173), prefix(650_175), prefix(650_268), prefix(650_271), range(650_273, 650_274), range(650_456, 650_457),
    prefix(650_836), range(650_846, 650_850), prefix(650_923), prefix(650_987), prefix(650_990), prefix(654_997),
    prefix(657_366), prefix(657_998), prefix(658_758), range(658_767, 658_768), range(65_083_700, 65_083_704),
    range(65_085_800, 65_085_804), range(65_085_900, 65_085_901), prefix(65_086_000), range(65_086_100, 65_086_105),
    range(65_086_200, 65_086_203), range(65_875_000, 65_875_003), prefix(65_875_009), range(65_875_101, 65_875_104),
    prefix(65_875_200), prefix(65_875_501), prefix(65_875_601), prefix(65_875_900), range(65_876_000, 65_876_002),
    range(65_876_100, 65_876_103), prefix(65_876_110), range(65_876_115, 65_876_116), range(65_876_200, 65_876_201),
    prefix(65_876_500), range(65_876_504, 65_876_505), range(65_876_600, 65_876_602), range(65_877_100, 65_877_101),
    range(65_877_600, 65_877_602), prefix(65_877_700), range(65_877_801, 65_877_802), range(65_878_200, 65_878_202),
    range(65_878_300, 65_878_311), range(65_878_400, 65_878_405), range(65_878_500, 65_878_505),
    range(65_878_600, 65_878_601), prefix(65_879_800), prefix(65_880_800), prefix(65_880_900),
];
